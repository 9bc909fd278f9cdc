#include "data/io/local_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "data/io/local_lister.h"
#include "data/io/testing/bytes.h"
#include "data/io/testing/object_store_suite.h"
#include "base/testing/temp_folder.h"

namespace shoal::data {
namespace {

class LocalFixture {
 public:
  ObjectStore& store() { return *store_; }
  std::string root() { return folder_ / "bucket"; }

 private:
  TempFolder folder_;
  std::shared_ptr<ObjectStore> store_ = make_local_store();
};

INSTANTIATE_TYPED_TEST_SUITE_P(Local, ObjectStoreSuite, LocalFixture);

ReadRequest request(std::string key) {
  ReadRequest request;
  request.key = std::move(key);
  return request;
}

std::vector<std::string> all_keys(ObjectStore& store, const std::string& root) {
  std::vector<std::string> keys;
  auto lister = store.list(root, "", ListOptions{});
  EXPECT_TRUE(lister.ok()) << lister.status().text();
  while (lister.ok()) {
    auto page = (*lister)->next_page();
    if (!page.ok() || page->empty()) break;
    for (const ObjectInfo& object : *page) keys.push_back(object.key);
  }
  return keys;
}

class LocalStore : public ::testing::Test {
 protected:
  TempFolder folder_;
  std::shared_ptr<ObjectStore> store_ = make_local_store();
};

TEST_F(LocalStore, StaysBelowItsRoot) {
  folder_.write("secret", "x");
  std::string root = folder_ / "bucket";
  ASSERT_TRUE(store_->create_root(root).ok());
  for (const char* key : {"../secret", "a/../../secret", "/etc/passwd", "..", ".", "", "a//b"}) {
    EXPECT_EQ(store_->read(root, request(key)).status().code(), ErrorCode::not_found) << key;
    EXPECT_EQ(store_->info(root, key).status().code(), ErrorCode::not_found) << key;
    EXPECT_EQ(store_->put(root, key, bytes_of("y")).code(), ErrorCode::invalid_argument) << key;
    EXPECT_TRUE(store_->remove(root, key).ok());
  }
  EXPECT_EQ(store_->list(root, "../", ListOptions{}).status().code(), ErrorCode::invalid_argument);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "secret"));
}

TEST_F(LocalStore, LeavesUnfinishedFilesOut) {
  folder_.write(".shoal-0123456789abcdef.part", "x");
  folder_.write("a", "x");
  EXPECT_EQ(all_keys(*store_, folder_.path()), std::vector<std::string>{"a"});
  EXPECT_EQ(store_->put(folder_.path(), ".shoal-0.part", bytes_of("x")).code(), ErrorCode::invalid_argument);
  EXPECT_TRUE(is_unfinished_name(unfinished_name()));
}

TEST_F(LocalStore, FollowsLinksOnceAndSkipsWhatIsNoFile) {
  folder_.write("real/a", "x");
  std::filesystem::create_symlink(folder_ / "real/a", folder_ / "link");
  std::filesystem::create_symlink(folder_ / "nowhere", folder_ / "dangling");
  std::filesystem::create_symlink(folder_.path(), folder_ / "real/loop");
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(all_keys(*store_, folder_.path()), (std::vector<std::string>{"link", "real/a"}));
  EXPECT_EQ(store_->read(folder_.path(), request("link"))->string(), "x");
  EXPECT_EQ(store_->read(folder_.path(), request("pipe")).status().code(), ErrorCode::not_found);
  EXPECT_EQ(store_->read(folder_.path(), request("real")).status().code(), ErrorCode::not_found);
}

TEST_F(LocalStore, RefusesToWriteOverAFolder) {
  folder_.write("a/b", "x");
  EXPECT_FALSE(store_->put(folder_.path(), "a", bytes_of("y")).ok());
  EXPECT_FALSE(store_->put(folder_.path(), "a/b/c", bytes_of("y")).ok());
  EXPECT_EQ(all_keys(*store_, folder_.path()), std::vector<std::string>{"a/b"});
}

TEST_F(LocalStore, RemovesFoldersThatBecameEmpty) {
  std::string root = folder_ / "bucket";
  ASSERT_TRUE(store_->put(root, "a/b/c", bytes_of("x")).ok());
  ASSERT_TRUE(store_->put(root, "a/d", bytes_of("x")).ok());
  ASSERT_TRUE(store_->remove(root, "a/b/c").ok());
  EXPECT_FALSE(std::filesystem::exists(root + "/a/b"));
  ASSERT_TRUE(store_->remove(root, "a/d").ok());
  EXPECT_TRUE(std::filesystem::is_empty(root));
}

/// Runs `body` in a process of its own with a 1 MiB disk at `folder`; its exit status, or -1 where the machine does
/// not let tests mount.
template <class Body>
int with_small_disk(const std::string& folder, Body body) {
  pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ::_exit(99);
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) ::_exit(99);
    if (::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=1m") != 0) ::_exit(99);
    ::_exit(body());
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 98;
  return code == 99 ? -1 : code;
}

TEST_F(LocalStore, SaysThatTheDiskIsFullAndLeavesNothing) {
  int code = with_small_disk(folder_.path(), [this] {
    std::string big(2 << 20, 'x');
    Status status = store_->put(folder_.path(), "deep/big", bytes_of(big));
    if (status.code() != ErrorCode::no_space) return 1;
    if (!std::filesystem::is_empty(folder_.path())) return 2;
    return store_->put(folder_.path(), "small", bytes_of("x")).ok() ? 0 : 3;
  });
  if (code < 0) GTEST_SKIP() << "this machine does not let tests mount a small disk";
  EXPECT_EQ(code, 0);
}

TEST_F(LocalStore, SaysWhatIsForbidden) {
  if (::geteuid() == 0) {
    // Root may do everything, so ask as somebody else.
    std::string file = folder_.write("closed/a", "x");
    ASSERT_EQ(::chmod((folder_ / "closed").c_str(), 0), 0);
    pid_t child = ::fork();
    if (child == 0) {
      if (::chmod(folder_.path().c_str(), 0755) != 0 || ::setuid(65534) != 0) ::_exit(9);
      ErrorCode read = store_->read(folder_.path(), request("closed/a")).status().code();
      ErrorCode put = store_->put(folder_.path(), "b", bytes_of("x")).code();
      ErrorCode list = store_->list(folder_ / "closed", "", ListOptions{}).status().code();
      ErrorCode forbidden = ErrorCode::permission_denied;
      ::_exit(read == forbidden && put == forbidden && list == forbidden ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  } else {
    EXPECT_EQ(store_->put("/", "shoal-test", bytes_of("x")).code(), ErrorCode::permission_denied);
  }
}

}  // namespace
}  // namespace shoal::data
