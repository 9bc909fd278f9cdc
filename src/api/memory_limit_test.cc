// Limits of memory that the system holds, by control groups, where this machine lets tests make some.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <shoal/shoal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/testing/shared.h"
#include "base/testing/seeds.h"
#include "shell/memory/memory_group.h"

namespace shoal {
namespace {

using ::testing::HasSubstr;
using testing::renew_shared;
using testing::shared;

constexpr std::size_t k_mib = std::size_t{1} << 20;
constexpr std::size_t k_limit = 64 * k_mib;
constexpr int k_most_mib = static_cast<int>(shell::group_bytes(k_limit) / static_cast<std::int64_t>(k_mib));

class MemoryLimitTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto place = shell::find_group_place();
    if (!place.ok()) GTEST_SKIP() << place.status().text();
    folder_ = place->folder;
    renew_shared();
    begin(2);
  }
  void begin(int processes) {
    session_.reset();
    session_.emplace(SessionOptions{.processes = processes, .object_store_memory = 512 * k_mib});
  }
  /// Of this process's workers.
  int groups() const {
    const std::string own = "shoal-" + std::to_string(::getpid()) + "-";
    int count = 0;
    for (const auto& each : std::filesystem::directory_iterator(folder_)) {
      count += each.path().filename().string().starts_with(own) ? 1 : 0;
    }
    return count;
  }

  std::filesystem::path folder_;
  std::optional<Session> session_;
};

/// Takes memory as fast as it can, and says how much it got.
void leap(std::size_t bytes) {
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return;
  for (std::size_t done = 0; done < bytes; done += k_mib) {
    std::memset(static_cast<char*>(at) + done, 1, k_mib);
    ++shared().most;
  }
  ::munmap(at, bytes);
}

TEST_F(MemoryLimitTest, ALeapEndsAtTheLimitByName) {
  const auto square = [](int n) { return n * n; };
  const Ref<void> leaps = submit({.memory = k_limit, .name = "leap"}, [] { leap(2'048 * k_mib); });
  std::vector<Ref<int>> squares;
  for (int n = 0; n < 100; ++n) squares.push_back(submit(square, n));
  try {
    get(leaps);
    FAIL() << "nothing was thrown";
  } catch (const OutOfMemory& error) {
    EXPECT_EQ(error.code(), ErrorCode::out_of_memory);
    EXPECT_THAT(error.what(), HasSubstr("task leap"));
    EXPECT_THAT(error.what(), HasSubstr("of its memory limit of 64 MiB"));
  }
  EXPECT_LE(shared().most, k_most_mib);
  EXPECT_GT(shared().most, k_most_mib / 4);
  for (int n = 0; n < 100; ++n) EXPECT_EQ(get(squares[static_cast<std::size_t>(n)]), n * n);
}

TEST_F(MemoryLimitTest, ALeapIsTriedAgainWhereItIsAskedFor) {
  const TaskOptions options{.memory = k_limit, .max_retries = 1, .retry_on = retry_on<OutOfMemory>()};
  EXPECT_THROW(get(submit(options,
                          [] {
                            ++shared().count;
                            leap(1'024 * k_mib);
                          })),
               OutOfMemory);
  EXPECT_EQ(shared().count, 2);
}

TEST_F(MemoryLimitTest, WhatATaskStartsCountsToo) {
  const int signal = get(submit({.memory = k_limit}, [] {
    const pid_t child = ::fork();
    if (child == 0) {
      leap(1'024 * k_mib);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }));
  EXPECT_EQ(signal, SIGKILL);
  EXPECT_LE(shared().most, k_most_mib);
}

Buffer bytes_of(std::uint8_t value, std::size_t size) {
  MutableBuffer buffer = create_buffer(size);
  std::memset(buffer.data(), value, size);
  return std::move(buffer).finish();
}

TEST_F(MemoryLimitTest, ValuesInTheStoreAreNoPartOfIt) {
  if (testing::k_sanitized) GTEST_SKIP() << "what a sanitizer notes of memory is the process's own";
  constexpr std::size_t k_size = 80 * k_mib;
  std::vector<Ref<Buffer>> made;
  for (std::uint8_t n = 1; n <= 3; ++n) {
    made.push_back(submit({.memory = k_limit, .max_retries = 0}, bytes_of, n, k_size));
  }
  const auto sum = [](const std::vector<Ref<Buffer>>& all) {
    std::uint64_t total = 0;
    for (const Ref<Buffer>& each : all) {
      const Buffer buffer = get(each);
      for (std::size_t at = 0; at < buffer.size(); at += 4'096) total += static_cast<std::uint8_t>(buffer.data()[at]);
    }
    return total;
  };
  EXPECT_EQ(get(submit({.memory = k_limit, .max_retries = 0}, sum, made)), (1 + 2 + 3) * (k_size / 4'096));
  const auto put_one = [] { return put(bytes_of(5, k_size)); };
  EXPECT_EQ(get(get(submit({.memory = k_limit, .max_retries = 0}, put_one))).size(), k_size);
  const auto return_one = [](char letter) { return std::string(k_limit / 2, letter); };
  std::vector<Ref<std::string>> returned;
  for (const char letter : {'a', 'b', 'c', 'd'}) {
    returned.push_back(submit({.memory = k_limit, .max_retries = 0}, return_one, letter));
  }
  for (const std::string& each : get(returned)) EXPECT_EQ(each.size(), k_limit / 2);
}

TEST_F(MemoryLimitTest, TheNextTaskHasALimitOfItsOwnOrNone) {
  begin(1);
  const auto take = [](std::size_t bytes) {
    leap(bytes);
    return ::getpid();
  };
  const pid_t pid = get(submit({.memory = k_limit}, take, k_limit / 4));
  EXPECT_EQ(get(submit(take, 4 * k_limit)), pid);
  EXPECT_EQ(get(submit({.memory = 3 * k_limit}, take, 2 * k_limit)), pid);
  EXPECT_THROW(get(submit({.memory = k_limit}, take, 2'048 * k_mib)), OutOfMemory);
}

TEST_F(MemoryLimitTest, NoGroupIsLeft) {
  const auto own_group = [] {
    std::ifstream file("/proc/self/cgroup");
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_THAT(get(submit({.memory = k_limit}, own_group)), HasSubstr("/shoal-"));
  EXPECT_GT(groups(), 0);
  EXPECT_THROW(get(submit({.memory = k_limit}, [] { leap(2'048 * k_mib); })), OutOfMemory);
  session_.reset();
  EXPECT_EQ(groups(), 0);
}

}  // namespace
}  // namespace shoal
