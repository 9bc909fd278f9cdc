#include "data/memory/memory_pool.h"

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "data/memory/page_cache.h"

namespace shoal::data {
namespace {

constexpr std::int64_t k_mib = 1 << 20;

TEST(PageCache, KeepsRegionsWithinItsLimitAndGivesTheSameAgain) {
  PageCache cache;
  cache.add_limit(10 * k_mib);
  std::uint8_t* first = cache.take(4 * k_mib);
  first[0] = 42;
  cache.give(first, 4 * k_mib);
  EXPECT_EQ(cache.kept_bytes(), 4 * k_mib);
  EXPECT_EQ(cache.take(4 * k_mib), first);
  EXPECT_EQ(cache.kept_bytes(), 0);
  cache.give(first, 4 * k_mib);
}

TEST(PageCache, LiveBytesLeaveNoRoomForKeptOnes) {
  PageCache cache;
  cache.add_limit(10 * k_mib);
  std::uint8_t* kept = cache.take(4 * k_mib);
  cache.give(kept, 4 * k_mib);
  std::uint8_t* big = cache.take(8 * k_mib);
  EXPECT_EQ(cache.kept_bytes(), 0);
  cache.give(big, 8 * k_mib);
  EXPECT_EQ(cache.kept_bytes(), 8 * k_mib);
  cache.add_live_elsewhere(5 * k_mib);
  std::uint8_t* another = cache.take(1 * k_mib);
  EXPECT_EQ(cache.kept_bytes(), 0);
  cache.give(another, 1 * k_mib);
  cache.add_limit(-10 * k_mib);
  EXPECT_EQ(cache.kept_bytes(), 0) << "without a limit nothing is kept";
}

TEST(PageCache, ResizingKeepsTheContents) {
  PageCache cache;
  std::uint8_t* region = cache.take(1 * k_mib);
  for (std::int64_t i = 0; i < k_mib; i += 4096) region[i] = static_cast<std::uint8_t>(i >> 12);
  region = cache.resize(region, 1 * k_mib, 9 * k_mib);
  ASSERT_NE(region, nullptr);
  for (std::int64_t i = 0; i < k_mib; i += 4096) ASSERT_EQ(region[i], static_cast<std::uint8_t>(i >> 12));
  cache.give(region, 9 * k_mib);
}

TEST(PageCache, AGrowingRequestTakesOverPagesThatNobodyWants) {
  PageCache cache;
  cache.add_limit(100 * k_mib);
  std::uint8_t* small = cache.take(4 * k_mib);
  small[0] = 42;
  cache.give(small, 4 * k_mib);
  cache.give(cache.take(8 * k_mib), 8 * k_mib);
  EXPECT_EQ(cache.kept_bytes(), 12 * k_mib) << "that of 4 MiB was wanted a moment ago";
  std::uint8_t* large = cache.take(16 * k_mib);
  EXPECT_EQ(cache.kept_bytes(), 8 * k_mib);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(large) % (2 * k_mib), 0U) << "huge pages stay whole";
#ifndef __SANITIZE_THREAD__  // there a region is not moved
  EXPECT_EQ(large[0], 42);
#endif
  large[16 * k_mib - 1] = 1;
  cache.give(large, 16 * k_mib);
}

TEST(PageCache, SizesThatTakeTurnsKeepTheirPages) {
  PageCache cache;
  cache.add_limit(100 * k_mib);
  std::uint8_t* first = cache.take(4 * k_mib);
  std::uint8_t* second = cache.take(8 * k_mib);
  for (int turn = 0; turn < 5; ++turn) {
    cache.give(first, 4 * k_mib);
    cache.give(second, 8 * k_mib);
    EXPECT_EQ(cache.take(4 * k_mib), first);
    EXPECT_EQ(cache.take(8 * k_mib), second);
  }
  cache.give(first, 4 * k_mib);
  cache.give(second, 8 * k_mib);
}

TEST(PageCache, AnIdleRegionThatIsTooLargeIsCut) {
  PageCache cache;
  cache.add_limit(100 * k_mib);
  std::uint8_t* large = cache.take(16 * k_mib);
  cache.give(large, 16 * k_mib);
  cache.give(cache.take(4 * k_mib), 4 * k_mib);
  std::uint8_t* cut = cache.take(3 * k_mib);
  EXPECT_EQ(cut, large);
  EXPECT_EQ(cache.kept_bytes(), 4 * k_mib);
  cache.give(cut, 3 * k_mib);
}

TEST(PageCache, SizesWasteAnEighthAtMost) {
  for (std::int64_t bytes = 100'000; bytes < (std::int64_t{1} << 40); bytes = bytes * 5 / 3) {
    EXPECT_GE(PageCache::region_bytes(bytes), bytes);
    EXPECT_LE(PageCache::region_bytes(bytes), bytes + bytes / 8 + 4096);
  }
}

TEST(CountedPool, CountsBytesExactlyWhateverTheSize) {
  arrow::MemoryPool* pool = counted_memory_pool();
  const std::int64_t before = pool->bytes_allocated();
  for (const std::int64_t size : {0L, 64L, 1000L, 262'143L, 262'144L, 5'000'000L}) {
    std::uint8_t* buffer = nullptr;
    ASSERT_TRUE(pool->Allocate(size, &buffer).ok());
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer) % 64, 0U);
    EXPECT_EQ(pool->bytes_allocated(), before + size);
    if (size > 0) buffer[size - 1] = 7;
    ASSERT_TRUE(pool->Reallocate(size, 2 * size, &buffer).ok());
    EXPECT_TRUE(size == 0 || buffer[size - 1] == 7);
    EXPECT_EQ(pool->bytes_allocated(), before + 2 * size);
    ASSERT_TRUE(pool->Reallocate(2 * size, size / 2, &buffer).ok());
    pool->Free(buffer, size / 2);
    EXPECT_EQ(pool->bytes_allocated(), before);
  }
}

TEST(CountedPool, KeepsPagesOnlyWhileARunHasABudget) {
  arrow::MemoryPool* pool = counted_memory_pool();
  {
    const PoolBudget budget(pool->bytes_allocated() + 64 * k_mib);
    std::uint8_t* buffer = nullptr;
    ASSERT_TRUE(pool->Allocate(8 * k_mib, &buffer).ok());
    pool->Free(buffer, 8 * k_mib);
    EXPECT_GE(kept_pool_bytes(), 8 * k_mib);
  }
  EXPECT_EQ(kept_pool_bytes(), 0);
}

TEST(CountedPool, IsSafeFromManyThreads) {
  arrow::MemoryPool* pool = counted_memory_pool();
  const std::int64_t before = pool->bytes_allocated();
  const PoolBudget budget(16 * k_mib);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([pool, t] {
      for (int i = 0; i < 30; ++i) {
        const std::int64_t size = (i % 7 + 1) * 200'000 + t;
        std::uint8_t* buffer = nullptr;
        ASSERT_TRUE(pool->Allocate(size, &buffer).ok());
        buffer[0] = buffer[size - 1] = 1;
        ASSERT_TRUE(pool->Reallocate(size, size * 2, &buffer).ok());
        pool->Free(buffer, size * 2);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool->bytes_allocated(), before);
}

}  // namespace
}  // namespace shoal::data
