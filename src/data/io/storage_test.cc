#include <shoal/data/storage.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include <shoal/base/error.h>

#include "data/io/object_store.h"
#include "base/testing/temp_folder.h"

namespace shoal::data {
namespace {

TEST(Storage, PutsGetsListsAndRemoves) {
  TempFolder folder;
  Storage bucket = storage(folder / "bucket");
  EXPECT_FALSE(bucket.exists());
  bucket.create();
  EXPECT_TRUE(bucket.exists());
  bucket.put("train/a", "hello");
  bucket.put("train/b", std::vector<std::uint8_t>{1, 2, 3});
  bucket.put("test/c", "x");
  EXPECT_EQ(bucket.get("train/a").view(), "hello");
  EXPECT_EQ(bucket.get("train/a", 1, 3).string(), "ell");
  EXPECT_EQ(bucket.info("train/b").size, 3);

  std::vector<std::string> keys;
  for (const ObjectInfo& object : bucket.list("train/", {.recursive = true})) keys.push_back(object.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"train/a", "train/b"}));

  EXPECT_EQ(bucket.remove_all("train/"), 2);
  bucket.remove("test/c");
  bucket.remove_bucket();
  EXPECT_FALSE(bucket.exists());
}

TEST(Storage, ThrowsTypedErrors) {
  TempFolder folder;
  Storage bucket = storage("file://" + folder.path());
  EXPECT_THROW(bucket.get("none"), NotFound);
  EXPECT_THROW(bucket.get("none", -1, 2), InvalidArgument);
  EXPECT_THROW(bucket.put("../x", "y"), InvalidArgument);
  EXPECT_THROW(storage(""), InvalidArgument);
  EXPECT_THROW(storage("s3://bucket/prefix"), InvalidArgument);
  EXPECT_THROW(storage("gs://bucket"), Unsupported);
  EXPECT_THROW(storage("abfs://bucket"), Unsupported);
  Storage missing = storage(folder / "missing");
  EXPECT_THROW(missing.list().begin(), NotFound);
}

TEST(Storage, ListsNothingInAnEmptyFolder) {
  TempFolder folder;
  ObjectListing listing = storage(folder.path()).list();
  EXPECT_TRUE(listing.begin() == listing.end());
}

TEST(Storage, HandlesReadTheirObject) {
  TempFolder folder;
  std::string text;
  for (int i = 0; text.size() < (9u << 20); ++i) text += std::to_string(i) + " ";
  Storage bucket = storage(folder.path());
  bucket.put("big", text);
  ObjectInfo info = bucket.info("big");
  for (const ObjectHandle& handle :
       {ObjectHandle{.uri = info.uri}, ObjectHandle{info.uri, info.key, info.size, info.etag}}) {
    EXPECT_EQ(handle.read().view(), text);
    ObjectHandle::Reader reader = handle.open();
    EXPECT_EQ(reader.size(), static_cast<std::int64_t>(text.size()));
    std::string got;
    std::vector<std::uint8_t> piece(1'000'003);
    while (std::size_t n = reader.read(piece)) got.append(reinterpret_cast<const char*>(piece.data()), n);
    EXPECT_EQ(got, text);
  }
  EXPECT_THROW(ObjectHandle{.uri = info.uri + "x"}.open(), NotFound);
  bucket.put("big", "other");
  try {
    ObjectHandle{info.uri, info.key, info.size, info.etag}.read();
    ADD_FAILURE() << "the object changed";
  } catch (const Error& error) { EXPECT_EQ(error.code(), ErrorCode::changed); }
}

TEST(Storage, AReaderKeepsItsError) {
  TempFolder folder;
  const std::string text(20 << 20, 'x');
  const std::string path = folder.write("big", text);
  ObjectHandle::Reader reader = ObjectHandle{.uri = path}.open();
  const auto time = std::filesystem::last_write_time(path);
  std::filesystem::resize_file(path, 1);
  std::vector<std::uint8_t> piece(1 << 20);
  EXPECT_THROW(reader.read(piece), Error);
  folder.write("big",
               text);  // as if the store had recovered: the next chunk could be read, in the place of the lost one
  std::filesystem::last_write_time(path, time);
  EXPECT_THROW(reader.read(piece), Error);
}

TEST(Storage, RemovesFoldersAndNotWhatBeginsLikeThem) {
  TempFolder folder;
  const Storage bucket = storage(folder.path());
  for (const char* key : {"runs/1/a", "runs/1/b/c", "runs/10/a", "runs/1.txt", "runs/2", "runs/20"})
    bucket.put(key, "x");
  EXPECT_EQ(bucket.remove_all("runs/1"), 2);
  EXPECT_EQ(bucket.remove_all("runs/2"), 1) << "an object";
  EXPECT_EQ(bucket.remove_all("runs/none"), 0);
  std::vector<std::string> left;
  for (const ObjectInfo& object : bucket.list()) left.push_back(object.key);
  EXPECT_EQ(left, (std::vector<std::string>{"runs/1.txt", "runs/10/a", "runs/20"}));
  EXPECT_EQ(bucket.remove_all(""), 3);
}

TEST(StorageClients, LocatesPaths) {
  StorageClients clients;
  EXPECT_EQ(clients.locate("/data/train/")->root, "/data/train");
  EXPECT_EQ(clients.locate("/data/train/")->key, "");
  EXPECT_EQ(clients.locate("/")->root, "/");
  EXPECT_EQ(clients.locate("file:///data/a%20b")->root, "/");
  EXPECT_EQ(clients.locate("file:///data/a%20b")->key, "data/a b");
  std::string here = std::filesystem::current_path().string();
  EXPECT_EQ("/" + clients.locate("train")->key, here + "/train");
  EXPECT_EQ(clients.locate(".")->root, here);
  EXPECT_EQ(clients.locate("/a")->store, clients.locate("file:///b/")->store);
}

TEST(StorageClients, CountsRequestsOfAllStores) {
  TempFolder folder;
  StorageClients clients;
  Location location = clients.locate(folder / "a").value();
  ASSERT_TRUE(location.store->put(location.root, location.key, {}).ok());
  EXPECT_EQ(clients.counts().put, 1);
}

}  // namespace
}  // namespace shoal::data
