#include "data/io/s3_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "data/io/testing/bytes.h"
#include "data/io/testing/minio.h"

namespace shoal::data {
namespace {

std::vector<ObjectInfo> all_of(ObjectStore& store, const std::string& root, const std::string& prefix,
                               const ListOptions& options = {}) {
  std::vector<ObjectInfo> all;
  auto lister = store.list(root, prefix, options);
  EXPECT_TRUE(lister.ok()) << lister.status().text();
  while (lister.ok()) {
    auto page = (*lister)->next_page();
    EXPECT_TRUE(page.ok()) << page.status().text();
    if (!page.ok() || page->empty()) break;
    for (ObjectInfo& info : *page) all.push_back(std::move(info));
  }
  return all;
}

class S3StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = make_s3_store(shared_minio().storage_options());
    ASSERT_TRUE(made.ok()) << made.status().text();
    store_ = std::move(*made);
    bucket_ = unique_bucket("store");
    const Status created = store_->create_root(bucket_);
    ASSERT_TRUE(created.ok()) << created.text();
  }

  void put(const std::string& key, const std::string& text) {
    const Status status = store_->put(bucket_, key, bytes_of(text));
    ASSERT_TRUE(status.ok()) << status.text();
  }

  /// Every key with itself as bytes, many at once.
  void put_all(const std::vector<std::string>& keys) {
    std::vector<std::thread> writers;
    for (std::size_t first = 0; first < 32; ++first) {
      writers.emplace_back([&, first] {
        for (std::size_t i = first; i < keys.size(); i += 32) put(keys[i], keys[i]);
      });
    }
    for (std::thread& writer : writers) writer.join();
  }

  std::shared_ptr<ObjectStore> store_;
  std::string bucket_;
};

TEST_F(S3StoreTest, BucketsAreMadeFoundAndRemoved) {
  EXPECT_TRUE(store_->create_root(bucket_).ok());  // ours already
  EXPECT_TRUE(*store_->root_exists(bucket_));
  EXPECT_FALSE(*store_->root_exists(unique_bucket("none")));
  put("a", "1");
  EXPECT_EQ(store_->remove_root(bucket_).code(), ErrorCode::already_exists);
  EXPECT_TRUE(store_->remove(bucket_, "a").ok());
  EXPECT_TRUE(store_->remove(bucket_, "a").ok());
  EXPECT_TRUE(store_->remove_root(bucket_).ok());
  EXPECT_FALSE(*store_->root_exists(bucket_));
}

TEST_F(S3StoreTest, ReadsWhatWasPutWholeAndInRanges) {
  const std::string key = "dir/ä b+c%2F&=?#.bin";
  put(key, "hello world");
  EXPECT_EQ(store_->read(bucket_, {.key = key})->view(), "hello world");
  EXPECT_EQ(store_->read(bucket_, {.key = key, .size_hint = 11})->view(), "hello world");
  EXPECT_EQ(store_->read(bucket_, {.key = key, .offset = 6, .length = 3})->view(), "wor");
  EXPECT_EQ(store_->read(bucket_, {.key = key, .offset = 6, .length = 300})->view(), "world");
  EXPECT_EQ(store_->read(bucket_, {.key = key, .offset = 6})->view(), "world");
  EXPECT_EQ(store_->read(bucket_, {.key = key, .offset = 6, .size_hint = 11})->view(), "world");
  EXPECT_TRUE(store_->read(bucket_, {.key = key, .offset = 99})->empty());
  EXPECT_TRUE(store_->read(bucket_, {.key = key, .offset = 3, .length = 0})->empty());
}

TEST_F(S3StoreTest, EmptyObjects) {
  put("empty", "");
  EXPECT_EQ(store_->info(bucket_, "empty")->size, 0);
  EXPECT_TRUE(store_->read(bucket_, {.key = "empty"}).ok());
  EXPECT_TRUE(store_->read(bucket_, {.key = "empty"})->empty());
  EXPECT_TRUE(store_->read(bucket_, {.key = "empty", .size_hint = 0})->empty());
}

TEST_F(S3StoreTest, InfoAgreesWithTheListing) {
  put("x/one", "12345");
  const auto listed = all_of(*store_, bucket_, "x/");
  ASSERT_EQ(listed.size(), 1u);
  const auto info = store_->info(bucket_, "x/one");
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(listed[0].key, "x/one");
  EXPECT_EQ(listed[0].uri, "s3://" + bucket_ + "/x/one");
  EXPECT_EQ(listed[0].size, 5);
  EXPECT_EQ(listed[0].etag, info->etag);
  EXPECT_FALSE(info->etag.empty());
  EXPECT_EQ(listed[0].modified_us / 1'000'000, info->modified_us / 1'000'000);
  EXPECT_GT(info->modified_us, 0);
}

TEST_F(S3StoreTest, ListsInOrderOfBytesOverManyPages) {
  std::vector<std::string> keys;
  for (int i = 0; i < 2050; ++i) keys.push_back("k/" + std::to_string(i));
  put_all(keys);
  put("other", "");
  std::sort(keys.begin(), keys.end());
  const auto listed = all_of(*store_, bucket_, "k/");
  ASSERT_EQ(listed.size(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) ASSERT_EQ(listed[i].key, keys[i]);

  std::vector<ReadRequest> requests;
  for (const ObjectInfo& info : listed)
    requests.push_back({.key = info.key, .etag = info.etag, .size_hint = info.size});
  const auto reader = store_->read_many(bucket_, requests);
  reader->prepare();
  for (const std::string& key : keys) {
    const Result<Bytes> bytes = reader->next();
    ASSERT_TRUE(bytes.ok()) << bytes.status().text();
    ASSERT_EQ(bytes.value().view(), key);
  }
}

TEST_F(S3StoreTest, ListsFoldersOfAllSizesInOrder) {
  std::vector<std::string> keys = {"k/a.x", "k/b", "k/b.x", "k/m/1", "k/zz"};
  for (int i = 0; i < 1100; ++i) keys.push_back("k/a/" + std::to_string(i));
  for (int i = 0; i < 1010; ++i) keys.push_back("k/c/d/" + std::to_string(i));
  put_all(keys);
  std::sort(keys.begin(), keys.end());
  const RequestCounts before = store_->counts();
  const auto listed = all_of(*store_, bucket_, "k/");
  ASSERT_EQ(listed.size(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) ASSERT_EQ(listed[i].key, keys[i]);
  EXPECT_LE(store_->counts().list - before.list, 7);

  const auto lister = store_->list(bucket_, "k/", {}).value_or_throw();
  EXPECT_EQ(lister->next_page()->size(), 450u);
  EXPECT_LE(store_->counts().list - before.list, 8) << "one page costs one request";
}

TEST_F(S3StoreTest, ListsOneLevelWithPrefixesAndSuffixes) {
  for (const char* key : {"a/1.jpg", "a/2.txt", "a/b/3.jpg", "a/c/4.jpg", "a/d"}) put(key, "x");
  const auto level = all_of(*store_, bucket_, "a/", {.recursive = false});
  std::vector<std::string> names;
  for (const ObjectInfo& info : level) names.push_back(info.key + (info.is_prefix ? " prefix" : ""));
  EXPECT_EQ(names, (std::vector<std::string>{"a/1.jpg", "a/2.txt", "a/b/ prefix", "a/c/ prefix", "a/d"}));
  EXPECT_EQ(all_of(*store_, bucket_, "a/", {.suffixes = {".jpg"}}).size(), 3u);
  EXPECT_TRUE(all_of(*store_, bucket_, "zzz").empty());
}

TEST_F(S3StoreTest, LargeObjectsAreReadInParts) {
  const std::string text = pattern(20 * 1024 * 1024 + 17);
  put("large", text);
  const auto before = store_->counts();
  const Result<Bytes> whole = store_->read(bucket_, {.key = "large"});
  ASSERT_TRUE(whole.ok()) << whole.status().text();
  EXPECT_TRUE(whole.value().view() == text);
  EXPECT_EQ(store_->counts().get - before.get, 3);
  const auto info = store_->info(bucket_, "large");
  const Result<Bytes> tail = store_->read(
      bucket_, {.key = "large", .offset = 1000, .etag = info->etag, .size_hint = info->size});
  EXPECT_TRUE(tail.value().view() == std::string_view(text).substr(1000));
}

TEST_F(S3StoreTest, LargeObjectsArePutInParts) {
  const std::string text = pattern((64 << 20) + 1);
  const auto before = store_->counts();
  put("large", text);
  EXPECT_EQ(store_->counts().put - before.put, 1 + 9 + 1) << "of 8 MiB each";
  const auto tail = store_->read(bucket_, {.key = "large", .offset = 60 << 20});
  ASSERT_TRUE(tail.ok()) << tail.status().text();
  EXPECT_TRUE(tail->view() == std::string_view(text).substr(60 << 20));
}

TEST_F(S3StoreTest, HandlesReadWithTheOptionsOfTheirListing) {
  put("a", "text");
  const StorageOptions options = shared_minio().storage_options();
  const ObjectHandle handle{.uri = store_->uri_of(bucket_, "a")};
  EXPECT_EQ(handle.read(options).view(), "text");
  std::vector<std::uint8_t> out(10);
  EXPECT_EQ(handle.open(options).read(out), 4u);
}

TEST_F(S3StoreTest, RemovesFoldersAndNotWhatBeginsLikeThem) {
  for (const char* key : {"runs/1", "runs/1.x", "runs/1/a", "runs/1/b/c", "runs/10/a"}) put(key, "x");
  EXPECT_EQ(storage("s3://" + bucket_, shared_minio().storage_options()).remove_all("runs/1"), 3);
  std::vector<std::string> left;
  for (const ObjectInfo& info : all_of(*store_, bucket_, "")) left.push_back(info.key);
  EXPECT_EQ(left, (std::vector<std::string>{"runs/1.x", "runs/10/a"}));
}

TEST_F(S3StoreTest, AChangedObjectIsAnError) {
  put("a", "old");
  const std::string etag = store_->info(bucket_, "a")->etag;
  put("a", "new");
  EXPECT_EQ(store_->read(bucket_, {.key = "a", .etag = etag}).status().code(), ErrorCode::changed);
  EXPECT_EQ(store_->read(bucket_, {.key = "a", .length = 2, .etag = etag}).status().code(), ErrorCode::changed);
  EXPECT_TRUE(store_->read(bucket_, {.key = "a"}).ok());
}

TEST_F(S3StoreTest, OneBadObjectDoesNotStopTheOthers) {
  put("a", "1");
  put("c", "3");
  const auto reader = store_->read_many(bucket_, {{.key = "a"}, {.key = "b"}, {.key = ""}, {.key = "c"}});
  EXPECT_EQ(reader->next()->view(), "1");
  EXPECT_EQ(reader->next().status().code(), ErrorCode::not_found);
  EXPECT_EQ(reader->next().status().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(reader->next()->view(), "3");
}

TEST_F(S3StoreTest, UploadsAppearWholeAtCommit) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{9 * 1024 * 1024}}) {
    const std::string text = pattern(size);
    auto upload = store_->start_upload(bucket_, "up");
    ASSERT_TRUE(upload.ok()) << upload.status().text();
    ASSERT_TRUE((*upload)->write(bytes_of(text)).ok());
    const Status finished = (*upload)->finish();
    ASSERT_TRUE(finished.ok()) << finished.text();
    EXPECT_TRUE(all_of(*store_, bucket_, "").empty());
    const Status committed = (*upload)->commit();
    ASSERT_TRUE(committed.ok()) << committed.text();
    (*upload)->abort();
    EXPECT_TRUE(store_->read(bucket_, {.key = "up"})->view() == text);
    ASSERT_TRUE(store_->remove(bucket_, "up").ok());
  }
}

TEST_F(S3StoreTest, AbortedUploadsLeaveNothing) {
  {
    auto upload = store_->start_upload(bucket_, "up");
    ASSERT_TRUE((*upload)->write(bytes_of(pattern(9 * 1024 * 1024))).ok());
    auto finished = store_->start_upload(bucket_, "up2");
    ASSERT_TRUE((*finished)->finish().ok());
  }
  EXPECT_TRUE(all_of(*store_, bucket_, "").empty());
  EXPECT_TRUE(store_->remove_root(bucket_).ok());  // MinIO refuses while anything is in it
}

TEST_F(S3StoreTest, AnAbortedUploadTakesNoMore) {
  auto upload = store_->start_upload(bucket_, "up");
  ASSERT_TRUE((*upload)->write(bytes_of("text")).ok());
  (*upload)->abort();
  EXPECT_EQ((*upload)->write(bytes_of("text")).code(), ErrorCode::cancelled);
  EXPECT_EQ((*upload)->finish().code(), ErrorCode::cancelled);
  EXPECT_EQ((*upload)->commit().code(), ErrorCode::cancelled);
  EXPECT_TRUE(store_->remove_root(bucket_).ok());
}

TEST_F(S3StoreTest, ErrorsTellWhatIsWrong) {
  EXPECT_EQ(store_->read(bucket_, {.key = "none"}).status().code(), ErrorCode::not_found);
  EXPECT_EQ(store_->info(bucket_, "none").status().code(), ErrorCode::not_found);
  const std::string none = unique_bucket("none");
  EXPECT_EQ(store_->put(none, "k", {}).code(), ErrorCode::not_found);
  auto lister = store_->list(none, "", {});
  EXPECT_EQ((*lister)->next_page().status().code(), ErrorCode::not_found);
  EXPECT_EQ(store_->list("../x", "", {}).status().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(store_->create_root("Bad_Name!").code(), ErrorCode::invalid_argument);

  StorageOptions wrong = shared_minio().storage_options();
  wrong.secret_key = "not-the-secret-of-this-key";
  const Status refused = (*make_s3_store(wrong))->put(bucket_, "k", {});
  EXPECT_EQ(refused.code(), ErrorCode::permission_denied);
  EXPECT_NE(refused.text().find("SignatureDoesNotMatch"), std::string::npos) << refused.text();
  EXPECT_EQ(refused.text().find(wrong.secret_key), std::string::npos);
  wrong.access_key = "nobody";
  const Status unknown = (*make_s3_store(wrong))->put(bucket_, "k", {});
  EXPECT_EQ(unknown.code(), ErrorCode::permission_denied);
  EXPECT_NE(unknown.text().find("InvalidAccessKeyId"), std::string::npos) << unknown.text();
  wrong.anonymous = true;
  EXPECT_EQ((*make_s3_store(wrong))->put(bucket_, "k", {}).code(), ErrorCode::permission_denied);
}

TEST_F(S3StoreTest, CountsRequests) {
  const RequestCounts before = store_->counts();
  put("a", "12345");
  ASSERT_TRUE(store_->read(bucket_, {.key = "a", .size_hint = 5}).ok());
  const RequestCounts after = store_->counts();
  EXPECT_EQ(after.put - before.put, 1);
  EXPECT_EQ(after.get - before.get, 1);
  EXPECT_EQ(after.bytes_written - before.bytes_written, 5);
  EXPECT_EQ(after.bytes_read - before.bytes_read, 5);
  EXPECT_EQ(after.retries, 0);
}

}  // namespace
}  // namespace shoal::data
