#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/io/object_store.h"

namespace shoal::data {

/// What every ObjectStore does, whatever is behind it. A test file of a store says
///
///     INSTANTIATE_TYPED_TEST_SUITE_P(Local, ObjectStoreSuite, LocalFixture);
///
/// where the fixture, made anew for each test, has
///     ObjectStore& store();
///     std::string root();          // of this test alone; need not exist yet
template <class Fixture>
class ObjectStoreSuite : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fixture_.root();
    ASSERT_OK(store().create_root(root_));
  }

  ObjectStore& store() { return fixture_.store(); }
  const std::string& root() const { return root_; }

  static void ASSERT_OK(const Status& status) { ASSERT_TRUE(status.ok()) << status.text(); }

  static std::span<const std::uint8_t> span(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }
  void put(const std::string& key, std::string_view bytes) { ASSERT_OK(store().put(root_, key, span(bytes))); }

  std::string get(const std::string& key) {
    Result<Bytes> bytes = store().read(root_, request(key));
    return bytes.ok() ? bytes->string() : "error: " + std::string(to_string(bytes.status().code()));
  }

  static ReadRequest request(std::string key, std::int64_t offset = 0, std::int64_t length = -1) {
    ReadRequest request;
    request.key = std::move(key);
    request.offset = offset;
    request.length = length;
    return request;
  }

  std::vector<ObjectInfo> list(const std::string& prefix, const ListOptions& options = {}) {
    std::vector<ObjectInfo> objects;
    auto lister = store().list(root_, prefix, options);
    EXPECT_TRUE(lister.ok()) << lister.status().text();
    while (lister.ok()) {
      auto page = (*lister)->next_page();
      EXPECT_TRUE(page.ok()) << page.status().text();
      if (!page.ok() || page->empty()) break;
      objects.insert(objects.end(), page->begin(), page->end());
    }
    return objects;
  }

  std::vector<std::string> keys(const std::string& prefix, const ListOptions& options = {}) {
    std::vector<std::string> keys;
    for (const ObjectInfo& object : list(prefix, options)) keys.push_back(object.key);
    return keys;
  }

 private:
  Fixture fixture_;
  std::string root_;
};

TYPED_TEST_SUITE_P(ObjectStoreSuite);

using Keys = std::vector<std::string>;

TYPED_TEST_P(ObjectStoreSuite, CreatesAndRemovesRoots) {
  EXPECT_TRUE(this->store().create_root(this->root()).ok()) << "one that is ours already is no error";
  EXPECT_TRUE(this->store().root_exists(this->root()).value());
  this->put("key", "x");
  EXPECT_EQ(this->store().remove_root(this->root()).code(), ErrorCode::already_exists) << "not empty";
  EXPECT_TRUE(this->store().remove(this->root(), "key").ok());
  EXPECT_TRUE(this->store().remove_root(this->root()).ok());
  EXPECT_FALSE(this->store().root_exists(this->root()).value());
}

TYPED_TEST_P(ObjectStoreSuite, ReadsWhatWasPut) {
  for (const std::string& bytes : {std::string(), std::string("hello"), std::string(3 << 20, 'x')}) {
    this->put("a/object", bytes);
    EXPECT_EQ(this->get("a/object"), bytes);
  }
}

TYPED_TEST_P(ObjectStoreSuite, TakesAwkwardKeys) {
  const Keys awkward = {"100%/x", "a b+c&d=e", "q?x#y", "b\xc3\xa4ume/\xe2\x82\xac", "~tilde!'()*", "a:b@c$,;"};
  for (const std::string& key : awkward) this->put(key, key);
  for (const std::string& key : awkward) EXPECT_EQ(this->get(key), key);
  EXPECT_EQ(this->keys("").size(), awkward.size());
}

TYPED_TEST_P(ObjectStoreSuite, ReadsRanges) {
  this->put("digits", "0123456789");
  auto range = [&](std::int64_t offset, std::int64_t length) {
    Result<Bytes> bytes = this->store().read(this->root(), this->request("digits", offset, length));
    return bytes.ok() ? bytes->string() : "error";
  };
  EXPECT_EQ(range(0, 4), "0123");
  EXPECT_EQ(range(8, 2), "89");
  EXPECT_EQ(range(8, 100), "89") << "cut at the end";
  EXPECT_EQ(range(3, -1), "3456789");
  EXPECT_EQ(range(10, 5), "");
  EXPECT_EQ(range(50, 5), "");
  EXPECT_EQ(range(5, 0), "");

  ReadRequest listed = this->request("digits", 10);
  listed.size_hint = 10;
  EXPECT_EQ(this->store().read(this->root(), listed)->string(), "") << "nothing is behind the size that is known";
  listed.offset = 50;
  EXPECT_EQ(this->store().read(this->root(), listed)->string(), "");
  listed.key = "none";
  EXPECT_EQ(this->store().read(this->root(), listed).status().code(), ErrorCode::not_found);
}

TYPED_TEST_P(ObjectStoreSuite, SaysWhatIsMissing) {
  EXPECT_EQ(this->store().read(this->root(), this->request("none")).status().code(), ErrorCode::not_found);
  EXPECT_EQ(this->store().info(this->root(), "none").status().code(), ErrorCode::not_found);
  EXPECT_TRUE(this->store().remove(this->root(), "none").ok());
  EXPECT_TRUE(this->keys("none/").empty());
  std::string gone = this->root() + "-gone";
  EXPECT_FALSE(this->store().root_exists(gone).value());
  EXPECT_EQ(this->store().read(gone, this->request("key")).status().code(), ErrorCode::not_found);
  auto lister = this->store().list(gone, "", ListOptions{});
  Status status = lister.ok() ? (*lister)->next_page().status() : lister.status();
  EXPECT_EQ(status.code(), ErrorCode::not_found);
}

TYPED_TEST_P(ObjectStoreSuite, TellsInfo) {
  this->put("dir/object", "hello");
  Result<ObjectInfo> info = this->store().info(this->root(), "dir/object");
  ASSERT_TRUE(info.ok()) << info.status().text();
  EXPECT_EQ(info->key, "dir/object");
  EXPECT_EQ(info->size, 5);
  EXPECT_FALSE(info->etag.empty());
  EXPECT_GT(info->modified_us, 1'600'000'000'000'000);
  EXPECT_EQ(info->uri, this->store().uri_of(this->root(), "dir/object"));
  std::vector<ObjectInfo> listed = this->list("dir/");
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].etag, info->etag);
  EXPECT_EQ(listed[0].size, info->size);
  EXPECT_EQ(listed[0].uri, info->uri);
}

TYPED_TEST_P(ObjectStoreSuite, ListsInOrderOfTheKeysBytes) {
  for (const char* key : {"b", "a/z", "a-b/y", "a.txt", "a/b/c", "a0", "\xc3\xa4", "B", "a/b.c"}) this->put(key, "x");
  EXPECT_EQ(this->keys(""), (Keys{"B", "a-b/y", "a.txt", "a/b.c", "a/b/c", "a/z", "a0", "b", "\xc3\xa4"}));
  EXPECT_EQ(this->keys("a"), (Keys{"a-b/y", "a.txt", "a/b.c", "a/b/c", "a/z", "a0"}));
  EXPECT_EQ(this->keys("a/b"), (Keys{"a/b.c", "a/b/c"}));
  EXPECT_EQ(this->keys("a/b/"), (Keys{"a/b/c"}));
  EXPECT_EQ(this->keys("b"), (Keys{"b"}));
  EXPECT_EQ(this->keys("c"), Keys{});
}

TYPED_TEST_P(ObjectStoreSuite, ListsManyPages) {
  Keys expected;
  for (int i = 0; i < 1100; ++i) {
    std::string number = std::to_string(i);
    expected.push_back("many/" + std::string(5 - number.size(), '0') + number);
    this->put(expected.back(), "x");
  }
  EXPECT_EQ(this->keys("many/"), expected);
}

TYPED_TEST_P(ObjectStoreSuite, ListsOneFolderOnly) {
  for (const char* key : {"a/x/1", "a/x/2", "a/y", "a/z/3", "b"}) this->put(key, "x");
  std::vector<ObjectInfo> listed = this->list("a/", ListOptions{.recursive = false});
  ASSERT_EQ(listed.size(), 3u);
  EXPECT_EQ(listed[0].key, "a/x/");
  EXPECT_TRUE(listed[0].is_prefix);
  EXPECT_EQ(listed[1].key, "a/y");
  EXPECT_FALSE(listed[1].is_prefix);
  EXPECT_EQ(listed[2].key, "a/z/");
}

TYPED_TEST_P(ObjectStoreSuite, ListsBySuffix) {
  for (const char* key : {"a.jpg", "b.png", "c.txt", "d/e.jpg", "jpg"}) this->put(key, "x");
  EXPECT_EQ(this->keys("", ListOptions{.suffixes = {".jpg", ".png"}}), (Keys{"a.jpg", "b.png", "d/e.jpg"}));
}

TYPED_TEST_P(ObjectStoreSuite, RefusesAnObjectThatChanged) {
  this->put("key", "old");
  ReadRequest request = this->request("key");
  request.etag = this->store().info(this->root(), "key")->etag;
  EXPECT_EQ(this->store().read(this->root(), request)->string(), "old");
  this->put("key", "newer");
  EXPECT_EQ(this->store().read(this->root(), request).status().code(), ErrorCode::changed);
  auto reader = this->store().read_many(this->root(), {request});
  EXPECT_EQ(reader->next().status().code(), ErrorCode::changed);
}

TYPED_TEST_P(ObjectStoreSuite, ReadsManyInOrderAndGoesOnAfterAnError) {
  std::vector<ReadRequest> requests;
  for (int i = 0; i < 100; ++i) {
    std::string key = "many/" + std::to_string(i);
    if (i != 40) this->put(key, "object " + std::to_string(i));
    requests.push_back(i % 7 == 0 ? this->request(key, 7, 1) : this->request(key));
  }
  auto reader = this->store().read_many(this->root(), requests);
  reader->prepare();
  for (int i = 0; i < 100; ++i) {
    Result<Bytes> bytes = reader->next();
    if (i == 40) {
      EXPECT_EQ(bytes.status().code(), ErrorCode::not_found);
      continue;
    }
    ASSERT_TRUE(bytes.ok()) << bytes.status().text();
    std::string number = std::to_string(i);
    EXPECT_EQ(bytes->string(), i % 7 == 0 ? number.substr(0, 1) : "object " + number);
  }
  auto unread = this->store().read_many(this->root(), requests);
  unread->prepare();  // and destroyed with requests in flight
}

TYPED_TEST_P(ObjectStoreSuite, ReadsIntoMemoryThatIsGiven) {
  const std::string large = std::string(9 << 20, 'a') + "end";  // takes several requests where there are parts
  this->put("small", "0123456789");
  this->put("large", large);
  const auto read = [&](const char* key, std::int64_t offset, std::int64_t length, std::int64_t size_hint) {
    ReadRequest request = this->request(key, offset, length);
    request.size_hint = size_hint;
    request.into = std::make_shared<std::uint8_t[]>(static_cast<std::size_t>(request.expected()) + 1, 'x');
    Result<Bytes> bytes = this->store().read_many(this->root(), {request})->next();
    EXPECT_TRUE(bytes.ok()) << bytes.status().text();
    const std::string_view there(reinterpret_cast<const char*>(request.into.get()), bytes->size());
    EXPECT_EQ(request.into[request.expected()], 'x') << "wrote behind its memory";
    return std::pair(bytes->string(), bytes->data() == request.into.get() && there == bytes->string());
  };
  using Read = std::pair<std::string, bool>;
  EXPECT_EQ(read("small", 0, -1, 10), Read("0123456789", true));
  EXPECT_EQ(read("small", 3, 4, -1), Read("3456", true));
  EXPECT_EQ(read("small", 3, -1, 10), Read("3456789", true));
  EXPECT_EQ(read("large", 0, -1, static_cast<std::int64_t>(large.size())), Read(large, true));
  EXPECT_EQ(read("small", 0, -1, 4), Read("0123456789", false)) << "more than was listed has no room there";
  EXPECT_EQ(read("small", 0, -1, 400).first, "0123456789");
}

TYPED_TEST_P(ObjectStoreSuite, GivesNothingAfterAStop) {
  this->put("a", "x");
  this->put("b", "x");
  std::stop_source stop;
  auto reader = this->store().read_many(this->root(), {this->request("a"), this->request("b")}, stop.get_token());
  reader->prepare();
  auto lister = this->store().list(this->root(), "", ListOptions{}, stop.get_token());
  stop.request_stop();
  EXPECT_EQ(reader->next().status().code(), ErrorCode::cancelled);
  EXPECT_EQ(reader->next().status().code(), ErrorCode::cancelled);
  EXPECT_EQ((*lister)->next_page().status().code(), ErrorCode::cancelled);
  auto late = this->store().read_many(this->root(), {this->request("a")}, stop.get_token());
  late->prepare();
  EXPECT_EQ(late->next().status().code(), ErrorCode::cancelled);
}

TYPED_TEST_P(ObjectStoreSuite, ShowsUploadsOnlyWhenCommitted) {
  auto upload = this->store().start_upload(this->root(), "out/file");
  ASSERT_TRUE(upload.ok()) << upload.status().text();
  std::string part(3 << 20, 'a');
  for (int i = 0; i < 4; ++i) this->ASSERT_OK((*upload)->write(this->span(part)));
  EXPECT_TRUE(this->keys("").empty());
  this->ASSERT_OK((*upload)->finish());
  EXPECT_TRUE(this->keys("").empty()) << "finished is still invisible";
  this->ASSERT_OK((*upload)->commit());
  EXPECT_EQ(this->keys(""), Keys{"out/file"});
  EXPECT_EQ(this->store().info(this->root(), "out/file")->size, 12 << 20);
  (*upload)->abort();
  upload->reset();
  EXPECT_EQ(this->get("out/file"), part + part + part + part) << "aborting after the commit does nothing";
}

TYPED_TEST_P(ObjectStoreSuite, LeavesNothingOfAbortedUploads) {
  for (int how = 0; how < 3; ++how) {
    auto upload = this->store().start_upload(this->root(), "deep/er/file");
    ASSERT_TRUE(upload.ok()) << upload.status().text();
    this->ASSERT_OK((*upload)->write(this->span(std::string(9 << 20, 'a'))));
    if (how > 0) this->ASSERT_OK((*upload)->finish());
    if (how < 2) (*upload)->abort();  // else by destruction
  }
  EXPECT_TRUE(this->keys("").empty());
  EXPECT_TRUE(this->store().remove_root(this->root()).ok()) << "an aborted upload left something in the root";
}

TYPED_TEST_P(ObjectStoreSuite, UploadsEmptyAndReplacingObjects) {
  this->put("file", "old");
  auto upload = this->store().start_upload(this->root(), "file");
  ASSERT_TRUE(upload.ok());
  EXPECT_EQ(this->get("file"), "old");
  this->ASSERT_OK((*upload)->finish());
  this->ASSERT_OK((*upload)->commit());
  EXPECT_EQ(this->get("file"), "");
}

TYPED_TEST_P(ObjectStoreSuite, CountsRequests) {
  RequestCounts before = this->store().counts();
  this->put("key", "12345");
  EXPECT_EQ(this->get("key"), "12345");
  this->keys("");
  RequestCounts after = this->store().counts();
  EXPECT_EQ(after.put - before.put, 1);
  EXPECT_EQ(after.get - before.get, 1);
  EXPECT_EQ(after.list - before.list, 1);
  EXPECT_EQ(after.bytes_read - before.bytes_read, 5);
  EXPECT_EQ(after.bytes_written - before.bytes_written, 5);
}

REGISTER_TYPED_TEST_SUITE_P(ObjectStoreSuite, CreatesAndRemovesRoots, ReadsWhatWasPut, TakesAwkwardKeys, ReadsRanges,
                            SaysWhatIsMissing, TellsInfo, ListsInOrderOfTheKeysBytes, ListsManyPages,
                            ListsOneFolderOnly, ListsBySuffix, RefusesAnObjectThatChanged,
                            ReadsManyInOrderAndGoesOnAfterAnError, GivesNothingAfterAStop, ReadsIntoMemoryThatIsGiven,
                            ShowsUploadsOnlyWhenCommitted, LeavesNothingOfAbortedUploads,
                            UploadsEmptyAndReplacingObjects, CountsRequests);

}  // namespace shoal::data
