#include "shell/memory/memory_use.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/testing/temp_folder.h"

namespace shoal::shell {
namespace {

namespace fs = std::filesystem;

class MemoryUseTest : public ::testing::Test {
 protected:
  MemoryUseTest() { write("proc/meminfo", "MemTotal:  1000 kB\nMemFree:  1 kB\nMemAvailable:  400 kB\n"); }

  void write(const std::string& path, const std::string& text) const { temporary_.write(path, text); }
  MachineMemory read() const { return machine_memory(root_).value(); }

  const TempFolder temporary_;
  const fs::path root_ = temporary_.path();
};

TEST_F(MemoryUseTest, OfTheMachine) {
  EXPECT_EQ(read().total, 1000 << 10);
  EXPECT_EQ(read().available, 400 << 10);
}

TEST_F(MemoryUseTest, OfACgroupThatHasLess) {
  write("proc/self/cgroup", "0::/job\n");
  write("sys/fs/cgroup/job/memory.max", "500000\n");
  write("sys/fs/cgroup/job/memory.current", "450000\n");
  write("sys/fs/cgroup/job/memory.stat", "anon 1\ninactive_file 20000\nactive_file 3\n");
  EXPECT_EQ(read().total, 500'000);
  EXPECT_EQ(read().available, 70'000);
}

TEST_F(MemoryUseTest, OfACgroupOfVersion1) {
  write("proc/self/cgroup", "4:memory:/job\n0::/\n");
  write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "500000\n");
  write("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "500000\n");
  EXPECT_EQ(read().available, 0);
}

TEST_F(MemoryUseTest, OfACgroupThatIsCountedWithOthers) {
  write("proc/self/cgroup", "4:cpu,memory:/job\n");
  write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "500000\n");
  write("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "400000\n");
  EXPECT_EQ(read().available, 100'000);
}

TEST_F(MemoryUseTest, ACgroupWithoutALimitIsNone) {
  write("proc/self/cgroup", "0::/job\n");
  write("sys/fs/cgroup/job/memory.max", "max\n");
  write("sys/fs/cgroup/job/memory.current", "450000\n");
  EXPECT_EQ(read().total, 1000 << 10);
}

TEST_F(MemoryUseTest, CountsWhatTheSystemEnded) {
  EXPECT_EQ(ended_by_system(root_), 0);
  write("proc/vmstat", "pgfault 1\noom_kill 17\ncompact 2\n");
  EXPECT_EQ(ended_by_system(root_), 17);
}

TEST(MemoryUse, OfThisProcess) {
  constexpr std::size_t k_bytes = 16 << 20;
  const std::int64_t before = own_memory(::getpid()).value();
  std::vector<char> more(k_bytes, 'x');
  EXPECT_GE(own_memory(::getpid()).value(), before + static_cast<std::int64_t>(k_bytes / 2));
  EXPECT_EQ(more[k_bytes / 2], 'x');
}

TEST(MemoryUse, OfNobody) { EXPECT_EQ(own_memory(1 << 30), std::nullopt); }

}  // namespace
}  // namespace shoal::shell
