#include "base/code_address.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/testing/child.h"

namespace shoal {
namespace {

int twice(int x) { return 2 * x; }
template <class T>
T thrice(T x) {
  return x + x + x;
}

const void* address(int (*function)(int)) { return reinterpret_cast<const void*>(function); }

std::string pair_of(int (*function)(int)) {
  const Result<CodeAddress> found = code_address(address(function));
  return found.ok() ? "pair=" + std::to_string(found->module) + "+" + std::to_string(found->offset) + ";"
                    : found.status().text();
}

TEST(CodeAddress, LeadsBackToTheFunction) {
  for (int (*function)(int) : {&twice, &thrice<int>, static_cast<int (*)(int)>([](int x) { return x - 1; })}) {
    const Result<CodeAddress> found = code_address(address(function));
    ASSERT_TRUE(found.ok());
    EXPECT_NE(found->module, 0u);
    const Result<const void*> back = code_at(*found);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, address(function));
    EXPECT_EQ(reinterpret_cast<int (*)(int)>(const_cast<void*>(*back))(3), function(3));
  }
  EXPECT_NE(pair_of(&twice), pair_of(&thrice<int>));
}

TEST(CodeAddress, LibrariesHaveAModuleOfTheirOwn) {
  const Result<CodeAddress> ours = code_address(address(&twice));
  const auto* function = reinterpret_cast<const void*>(&std::abort);
  const Result<CodeAddress> theirs = code_address(function);
  ASSERT_TRUE(ours.ok() && theirs.ok());
  const Result<const void*> back = code_at(*theirs);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, function);
}

/// Also what another process of this program says, see below.
TEST(CodeAddress, IsPrinted) {
  const std::string pair = pair_of(&twice);
  ASSERT_TRUE(pair.starts_with("pair=")) << pair;
  std::printf("%s\n", pair.c_str());
}

TEST(CodeAddress, IsTheSameInAnotherProcessOfTheProgram) {
  testing::Child other([] {
    for (const char* share : {"GTEST_TOTAL_SHARDS", "GTEST_SHARD_INDEX"}) ::unsetenv(share);
    ::execl("/proc/self/exe", "base_test", "--gtest_filter=CodeAddress.IsPrinted", nullptr);
    return 1;
  });
  EXPECT_EQ(other.wait(), 0);
  EXPECT_NE(other.output().find(pair_of(&twice)), std::string::npos) << other.output();
}

TEST(CodeAddress, WhatIsNoCodeIsRefused) {
  static int data = 1;
  int on_stack = 2;
  const auto on_heap = std::make_unique<int>(3);
  for (const void* place : std::vector<const void*>{nullptr, &data, &on_stack, on_heap.get()}) {
    EXPECT_EQ(code_address(place).status().code(), ErrorCode::invalid_argument);
  }
}

TEST(CodeAddress, OtherBuildsAndOffsetsAreRefused) {
  const Result<CodeAddress> found = code_address(address(&twice));
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(code_at({found->module + 1, found->offset}).status().code(), ErrorCode::not_found);
  EXPECT_EQ(code_at({0, found->offset}).status().code(), ErrorCode::not_found);
  EXPECT_EQ(code_at({found->module, std::uint64_t{1} << 40}).status().code(), ErrorCode::corrupt_data);
  EXPECT_EQ(code_at({found->module, ~std::uint64_t{0}}).status().code(), ErrorCode::corrupt_data);
  EXPECT_EQ(code_at({found->module, 0}).status().code(), ErrorCode::corrupt_data) << "the file's header is no code";
}

TEST(CodeAddress, ThreadsMayAskAtOnce) {
  const std::string expected = pair_of(&twice);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) wrong += pair_of(&twice) != expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace shoal
