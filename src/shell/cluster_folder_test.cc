#include "shell/cluster_folder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/posix.h"

namespace shoal::shell {
namespace {

namespace fs = std::filesystem;

class ClusterFolderTest : public ::testing::Test {
 protected:
  ClusterFolderTest() : scratch_(::mkdtemp(name_.data())), user_(user_folder(scratch_)) {}
  ~ClusterFolderTest() override { fs::remove_all(scratch_); }

  ClusterFolder take(const std::string& name) { return ClusterFolder::take(user_, name).value_or_throw(); }

  std::string name_ = (fs::temp_directory_path() / "shoal-folder-XXXXXX").string();
  const std::string scratch_;
  const std::string user_;
};

TEST_F(ClusterFolderTest, IsFoundFromItsOpeningToItsEnd) {
  EXPECT_EQ(find_cluster("auto", user_).status().code(), ErrorCode::not_found);
  {
    const ClusterFolder folder = take("one");
    EXPECT_EQ(find_cluster("auto", user_).status().code(), ErrorCode::not_found) << "it starts";
    ASSERT_TRUE(folder.open().ok());
    const RunningCluster found = find_cluster("auto", user_).value_or_throw();
    EXPECT_EQ(found.folder, folder.path());
    EXPECT_EQ(found.pid, ::getpid());
    EXPECT_EQ(find_cluster(folder.path(), user_)->pid, ::getpid());
  }
  EXPECT_FALSE(fs::exists(user_ + "/one"));
  EXPECT_EQ(find_cluster(user_ + "/one", user_).status().code(), ErrorCode::not_found);
}

TEST_F(ClusterFolderTest, IsTakenOnce) {
  std::optional<ClusterFolder> first = take("one");
  EXPECT_EQ(ClusterFolder::take(user_, "one").status().code(), ErrorCode::already_exists);
  EXPECT_TRUE(ClusterFolder::take(user_, "two").ok());
  remove_stale(first->path());
  EXPECT_TRUE(fs::exists(first->path())) << "it is nobody else's to remove";
  first.reset();
  EXPECT_TRUE(ClusterFolder::take(user_, "one").ok());
}

TEST_F(ClusterFolderTest, OfSeveralOneIsToBeNamed) {
  const ClusterFolder one = take("one"), two = take("two");
  ASSERT_TRUE(one.open().ok() && two.open().ok());
  EXPECT_EQ(find_cluster("auto", user_).status().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(find_cluster(two.path(), user_)->folder, two.path());
  EXPECT_EQ(running_clusters(user_)->size(), 2u);
}

TEST_F(ClusterFolderTest, WhatADeadOneLeftIsTakenOver) {
  const std::string path = user_ + "/one";
  fs::create_directories(path);
  for (const std::string& folder : {user_, path}) ASSERT_EQ(::chmod(folder.c_str(), 0700), 0);
  std::ofstream(path + "/pid") << ::getpid() << " 1\n";  // the number of a process that lives, which is another
  std::ofstream(path + "/token") << "left";
  EXPECT_EQ(find_cluster("auto", user_).status().code(), ErrorCode::not_found);
  EXPECT_EQ(stale_folders(user_).value_or_throw(), std::vector<std::string>{path});
  {
    const ClusterFolder taken = take("one");
    EXPECT_FALSE(fs::exists(path + "/token"));
    EXPECT_TRUE(stale_folders(user_)->empty());
  }
  fs::create_directories(path);
  ASSERT_EQ(::chmod(path.c_str(), 0700), 0);
  std::ofstream(path + "/pid") << "";
  remove_stale(path);
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(ClusterFolderTest, TheLockOfADeadOneIsWaitedFor) {
  const std::string path = user_ + "/one";
  fs::create_directories(path);
  for (const std::string& folder : {user_, path}) ASSERT_EQ(::chmod(folder.c_str(), 0700), 0);
  std::ofstream(path + "/pid") << ::getpid() << " 1\n";
  Fd locked(::open((path + "/pid").c_str(), O_RDWR | O_CLOEXEC));
  struct flock lock{};
  lock.l_type = F_WRLCK;
  ASSERT_EQ(::fcntl(locked.get(), F_OFD_SETLK, &lock), 0);

  const Fd watch(::inotify_init1(IN_CLOEXEC));
  ASSERT_GE(::inotify_add_watch(watch.get(), (path + "/pid").c_str(), IN_OPEN), 0);
  Status taken(ErrorCode::internal, "not yet");
  std::thread takes([&] { taken = ClusterFolder::take(user_, "one").status(); });
  for (int times = 0; times < 2; ++times) {  // it looked, and looked again
    pollfd opened{.fd = watch.get(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&opened, 1, 30'000), 1);
    inotify_event event{};
    EXPECT_EQ(::read(watch.get(), &event, sizeof event), static_cast<ssize_t>(sizeof event));
  }
  locked.reset();
  takes.join();
  EXPECT_TRUE(taken.ok()) << taken.text();
}

TEST_F(ClusterFolderTest, OthersMayNotEnter) {
  fs::create_directories(user_);
  ASSERT_EQ(::chmod(user_.c_str(), 0750), 0);
  EXPECT_EQ(ClusterFolder::take(user_, "one").status().code(), ErrorCode::permission_denied);
  EXPECT_EQ(find_cluster("auto", user_).status().code(), ErrorCode::permission_denied);
  ASSERT_EQ(::chmod(user_.c_str(), 0700), 0);
  const ClusterFolder folder = take("one");
  ASSERT_TRUE(folder.open().ok());
  ASSERT_EQ(::chmod(folder.path().c_str(), 0701), 0);
  EXPECT_EQ(find_cluster(folder.path(), user_).status().code(), ErrorCode::permission_denied);
}

TEST_F(ClusterFolderTest, ATokenIsForThisUserAlone) {
  const ClusterFolder folder = take("one");
  EXPECT_EQ(read_token(folder.path()).status().code(), ErrorCode::not_found);
  const net::Token token = net::Token::make();
  ASSERT_TRUE(folder.write_token(token).ok());
  EXPECT_FALSE(folder.write_token(token).ok()) << "once";
  EXPECT_EQ(read_token(folder.path())->to_hex(), token.to_hex());
  const std::string path = folder.path() + "/token";
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  EXPECT_EQ(read_token(folder.path()).status().code(), ErrorCode::permission_denied);
  fs::rename(path, path + "-moved");
  fs::create_symlink(path + "-moved", path);
  EXPECT_FALSE(read_token(folder.path()).ok()) << "a link leads who knows where";
  fs::remove(path + "-moved");
}

TEST_F(ClusterFolderTest, ANameIsNoPath) {
  for (const char* const name : {"", ".", "..", "a/b", "a b", "123456789012345678901234567890123"}) {
    EXPECT_EQ(ClusterFolder::take(user_, name).status().code(), ErrorCode::invalid_argument) << name;
  }
}

}  // namespace
}  // namespace shoal::shell
