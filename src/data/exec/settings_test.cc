#include "data/exec/settings.h"

#include <gtest/gtest.h>
#include <shoal/api/session.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "shell/machine.h"

namespace shoal::data {
namespace {

namespace fs = std::filesystem;

ErrorCode code_of(const RunOptions& options) { return resolve(options).status().code(); }

TEST(Settings, TakesTheMachinesWhereNothingIsSaid) {
  const auto settings = resolve({});
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->num_cpus, shell::read_machine().cpus);
  EXPECT_EQ(settings->memory_budget, shell::read_machine().memory / 4);
  EXPECT_GT(settings->parallelism, 0);
  EXPECT_TRUE(settings->fuse);
  EXPECT_TRUE(settings->preserve_order);
}

TEST(Settings, CapsTheBlockSize) {
  EXPECT_EQ(resolve({.num_cpus = 1, .memory_budget = 64_GiB})->block_bytes, 128_MiB);
  EXPECT_EQ(resolve({.num_cpus = 16, .memory_budget = 512_MiB})->block_bytes, 8_MiB);
  EXPECT_EQ(resolve({.num_cpus = 16, .memory_budget = 512_MiB, .block_size = 1_GiB})->block_bytes, 8_MiB);
  EXPECT_EQ(resolve({.num_cpus = 16, .memory_budget = 512_MiB, .block_size = 1_KiB})->block_bytes, 1_KiB);
}

TEST(Settings, TheDatasetsOptionsGoBeforeTheProcesss) {
  set_default_run_options({.num_cpus = 3, .num_gpus = 2, .name = "default"});
  const auto settings = resolve({.num_cpus = 5});
  set_default_run_options({});
  EXPECT_EQ(settings->num_cpus, 5);
  EXPECT_EQ(settings->num_gpus, 2);
  EXPECT_EQ(settings->name, "default");
}

TEST(Settings, RefusesWrongValues) {
  EXPECT_EQ(code_of({.num_cpus = 0}), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of({.num_gpus = -1}), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of({.memory_budget = 1_MiB - 1}), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of({.block_size = 0}), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of({.parallelism = 0}), ErrorCode::invalid_argument);
}

TEST(Settings, TheEnvironmentsIsolationIsForSessionsWithProcesses) {
  ::setenv("SHOAL_ISOLATION", "processes", 1);
  EXPECT_EQ(resolve({})->isolation, Isolation::threads);
  EXPECT_EQ(resolve({.isolation = Isolation::processes})->isolation, Isolation::processes);
  {
    SessionOptions options;
    options.processes = 1;
    const Session session(options);
    EXPECT_EQ(resolve({})->isolation, Isolation::processes);
    EXPECT_EQ(resolve({.isolation = Isolation::threads})->isolation, Isolation::threads);
  }
  ::setenv("SHOAL_ISOLATION", "containers", 1);
  EXPECT_EQ(code_of({}), ErrorCode::invalid_argument);
  ::unsetenv("SHOAL_ISOLATION");
}

TEST(Settings, TheEnvironmentSetsVerbosity) {
  ::setenv("SHOAL_VERBOSITY", "verbose", 1);
  EXPECT_EQ(resolve({})->verbosity, Verbosity::verbose);
  EXPECT_EQ(resolve({.verbosity = Verbosity::quiet})->verbosity, Verbosity::quiet);
  ::setenv("SHOAL_VERBOSITY", "loud", 1);
  EXPECT_EQ(code_of({}), ErrorCode::invalid_argument);
  ::unsetenv("SHOAL_VERBOSITY");
}

class MachineTest : public ::testing::Test {
 protected:
  MachineTest() : root_(fs::temp_directory_path() / ("shoal-machine-" + std::to_string(::getpid()))) {}
  ~MachineTest() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  const fs::path root_;
};

TEST_F(MachineTest, ReadsTheMachinesMemory) {
  write("proc/meminfo", "MemTotal:        8000 kB\nMemFree: 1 kB\n");
  EXPECT_EQ(shell::read_machine(root_).memory, 8000 << 10);
}

TEST_F(MachineTest, TheTightestGroupOfVersionTwoCounts) {
  write("proc/meminfo", "MemTotal: 8000 kB\n");
  write("proc/self/cgroup", "0::/a/b\n");
  write("sys/fs/cgroup/a/b/memory.max", "max\n");
  write("sys/fs/cgroup/a/memory.max", "4096000\n");
  write("sys/fs/cgroup/a/cpu.max", "100000 100000\n");
  const shell::Machine machine = shell::read_machine(root_);
  EXPECT_EQ(machine.memory, 4096000);
  EXPECT_EQ(machine.cpus, 1);
}

TEST_F(MachineTest, VersionOneToo) {
  write("proc/meminfo", "MemTotal: 8000 kB\n");
  write("proc/self/cgroup", "4:memory:/job\n3:cpu,cpuacct:/job\n");
  write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "2048000\n");
  write("sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "50000\n");
  write("sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
  const shell::Machine machine = shell::read_machine(root_);
  EXPECT_EQ(machine.memory, 2048000);
  EXPECT_EQ(machine.cpus, 1);  // half a CPU still runs one fragment
}

}  // namespace
}  // namespace shoal::data
