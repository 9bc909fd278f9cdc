#include "shell/memory/memory_group.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/testing/child.h"
#include "base/testing/temp_folder.h"
#include "shell/peer_process.h"

namespace shoal::shell {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t k_one_mib = 1 << 20;

std::string text_in(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Of the group that this process makes for a worker.
std::string name_for(pid_t worker) {
  const std::string began = std::to_string(start_time_of(::getpid()).value());
  return "shoal-" + std::to_string(::getpid()) + "-" + began + "-" + std::to_string(worker);
}

/// The system's files as a test writes them.
class GroupPlaceTest : public ::testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) const { temporary_.write(path, text); }
  fs::path folder(const std::string& path) const {
    fs::create_directories(root_ / path);
    return root_ / path;
  }
  /// A machine of version 2, with this process in the topmost group.
  fs::path topmost() const {
    write("proc/self/cgroup", "0::/\n");
    write("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw\n");
    write("sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n");
    return folder("sys/fs/cgroup");
  }

  const TempFolder temporary_;
  const fs::path root_ = temporary_.path();
};

TEST_F(GroupPlaceTest, InVersion1) {
  write("proc/self/cgroup", "5:cpu:/other\n4:hugetlb,memory:/a/job\n0::/\n");
  write("proc/self/mountinfo",
        "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 master:2 - cgroup cgroup rw,hugetlb,memory\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(find_group_place(root_).status().code(), ErrorCode::unavailable) << "it cannot be written";
  const fs::path own = folder("sys/fs/cgroup/memory/a/job");
  const auto place = find_group_place(root_);
  ASSERT_TRUE(place.ok()) << place.status().text();
  EXPECT_EQ(place->folder, own);
  EXPECT_EQ(place->version, 1);
}

TEST_F(GroupPlaceTest, WhereAContainerSeesItsOwnGroupOnly) {
  write("proc/self/mountinfo", "35 31 0:32 /box/7 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  const fs::path job = folder("sys/fs/cgroup/memory/job");
  write("proc/self/cgroup", "4:memory:/box/7/job\n");
  const auto place = find_group_place(root_);
  ASSERT_TRUE(place.ok()) << place.status().text();
  EXPECT_EQ(place->folder, job);
  for (const char* const elsewhere : {"4:memory:/box/77\n", "4:memory:/../job\n", "4:memory:/\n"}) {
    write("proc/self/cgroup", elsewhere);
    EXPECT_FALSE(find_group_place(root_).ok()) << elsewhere;
  }
}

TEST_F(GroupPlaceTest, InVersion2WhereMemoryIsPassedOn) {
  topmost();
  EXPECT_TRUE(find_group_place(root_).ok()) << "the topmost may have processes and groups below it";
  write("proc/self/cgroup", "0::/job\n");
  write("sys/fs/cgroup/job/cgroup.type", "domain\n");
  EXPECT_FALSE(find_group_place(root_).ok()) << "memory is not counted there";
  write("sys/fs/cgroup/job/cgroup.controllers", "memory\n");
  EXPECT_FALSE(find_group_place(root_).ok()) << "it has processes";
  write("sys/fs/cgroup/job/cgroup.subtree_control", "cpu memory\n");
  const auto place = find_group_place(root_);
  ASSERT_TRUE(place.ok()) << place.status().text();
  EXPECT_EQ(place->version, 2);
}

TEST_F(GroupPlaceTest, NothingIsFoundWhereNothingIs) { EXPECT_FALSE(find_group_place(root_).ok()); }

TEST_F(GroupPlaceTest, AGroupOfVersion2HasTheLimitAndNoSwap) {
  const fs::path top = topmost();
  MemoryGroups groups(root_);
  MemoryGroup group(groups, 4711);
  const fs::path own = top / name_for(4711);
  group.limit(0);
  EXPECT_FALSE(fs::exists(own)) << "it has no limit";
  group.limit(64 * k_one_mib);
  EXPECT_EQ(text_in(top / "cgroup.subtree_control"), "+memory");
  EXPECT_EQ(text_in(own / "memory.max"), std::to_string(group_bytes(64 * k_one_mib)));
  EXPECT_EQ(text_in(own / "memory.swap.max"), "0");
  EXPECT_EQ(text_in(own / "cgroup.procs"), "4711");
  group.limit(0);
  EXPECT_EQ(text_in(own / "memory.max"), "max");
  EXPECT_EQ(text_in(own / "memory.swap.max"), "max");
}

TEST_F(GroupPlaceTest, WhatWasEndedUnderALimitOfBeforeDoesNotCount) {
  const fs::path own = topmost() / name_for(4711);
  MemoryGroups groups(root_);
  MemoryGroup group(groups, 4711), other(groups, 4712);
  group.limit(64 * k_one_mib);
  std::ofstream(own / "memory.events") << "low 0\noom 2\noom_kill 2\n";
  group.limit(32 * k_one_mib);
  EXPECT_FALSE(group.close());

  other.limit(32 * k_one_mib);
  const fs::path others = topmost() / name_for(4712);
  std::ofstream(others / "memory.events") << "oom_kill 1\n";
  std::ofstream(others / "memory.peak") << 40 * k_one_mib;
  const auto reached = other.close();
  ASSERT_TRUE(reached);
  EXPECT_EQ(reached->peak, 40 * k_one_mib);
  EXPECT_EQ(reached->limit, 32 * k_one_mib);
  other.limit(16 * k_one_mib);
  EXPECT_EQ(text_in(others / "memory.max"), std::to_string(group_bytes(32 * k_one_mib))) << "it has ended";
}

TEST_F(GroupPlaceTest, WhereOneIsRefusedNoOtherIsTried) {
  const fs::path top = topmost();
  folder("sys/fs/cgroup/" + name_for(1));
  MemoryGroups groups(root_);
  MemoryGroup refused(groups, 1), next(groups, 2);
  refused.limit(k_one_mib);
  EXPECT_EQ(groups.place(), nullptr);
  next.limit(k_one_mib);
  EXPECT_FALSE(fs::exists(top / name_for(2)));
  EXPECT_FALSE(refused.close());
}

TEST_F(GroupPlaceTest, ThoseOfProcessesThatAreGoneAreRemoved) {
  topmost();
  const fs::path gone = folder("sys/fs/cgroup/shoal-" + std::to_string(::getpid()) + "-1-7");
  folder("sys/fs/cgroup/" + gone.filename().string() + "/shoal-8-1-9");
  const fs::path own = folder("sys/fs/cgroup/" + name_for(7));
  const fs::path others = folder("sys/fs/cgroup/shoal");
  const MemoryGroups groups(root_);
  EXPECT_FALSE(fs::exists(gone));
  EXPECT_TRUE(fs::exists(own));
  EXPECT_TRUE(fs::exists(others));
}

/// The system's own groups, where this machine lets tests make some.
class MemoryGroupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto place = find_group_place();
    if (!place.ok()) GTEST_SKIP() << place.status().text();
    ASSERT_EQ(::pipe(go_), 0);
  }
  ~MemoryGroupTest() override {
    for (const int end : go_) ::close(end);
  }
  /// In the child, when it is told to: takes so much, and ends with 0.
  int take(std::size_t bytes) const {
    char go = 0;
    if (::read(go_[0], &go, 1) != 1) return 2;
    void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return 3;
    std::memset(at, 1, bytes);
    return 0;
  }
  static void wait_for_end(const testing::Child& child) {
    siginfo_t end{};
    ::waitid(P_PID, static_cast<id_t>(child.pid()), &end, WEXITED | WNOWAIT);
  }
  static bool is_there(pid_t worker) { return fs::exists(find_group_place()->folder / name_for(worker)); }

  int go_[2] = {-1, -1};
};

TEST_F(MemoryGroupTest, EndsWhatLeapsPastTheLimit) {
  testing::Child child([this] { return take(512 * k_one_mib); });
  MemoryGroups groups;
  MemoryGroup group(groups, child.pid());
  group.limit(64 * k_one_mib);
  ASSERT_TRUE(is_there(child.pid()));
  ASSERT_EQ(::write(go_[1], "x", 1), 1);
  wait_for_end(child);
  const auto reached = group.close();
  ASSERT_TRUE(reached);
  EXPECT_EQ(reached->limit, 64 * k_one_mib);
  EXPECT_GT(reached->peak, 64 * k_one_mib);
  EXPECT_LE(reached->peak, group_bytes(64 * k_one_mib));
  const pid_t pid = child.pid();
  const int status = child.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  group.remove();
  EXPECT_FALSE(is_there(pid));
}

TEST_F(MemoryGroupTest, LetsGoOfALimit) {
  testing::Child child([this] { return take(128 * k_one_mib); });
  MemoryGroups groups;
  MemoryGroup group(groups, child.pid());
  for (const std::int64_t mib : {64, 32, 48, 0}) group.limit(mib * k_one_mib);
  ASSERT_EQ(::write(go_[1], "x", 1), 1);
  wait_for_end(child);
  EXPECT_FALSE(group.close());
  const pid_t pid = child.pid();
  EXPECT_EQ(child.wait(), 0);
  group.remove();
  EXPECT_FALSE(is_there(pid));
}

TEST_F(MemoryGroupTest, GoesWhenWhatAWorkerStartedHasEndedToo) {
  testing::Child child([this] { return take(k_one_mib); });
  const pid_t pid = child.pid();
  {
    MemoryGroups groups;
    MemoryGroup group(groups, pid);
    group.limit(64 * k_one_mib);
    group.remove();
    EXPECT_TRUE(is_there(pid)) << "something runs in there";
    ASSERT_EQ(::write(go_[1], "x", 1), 1);
    EXPECT_EQ(child.wait(), 0);
  }
  EXPECT_FALSE(is_there(pid));
}

}  // namespace
}  // namespace shoal::shell
