#include "data/plan/consume/shuffle_buffer.h"

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "data/plan/testing/plans.h"

namespace shoal::data {
namespace {

using Ids = std::vector<std::int64_t>;

Ids shuffled(std::int64_t rows, std::int64_t block_rows, std::int64_t capacity, std::uint64_t seed) {
  ShuffleBuffer buffer(capacity, seed, 7, arrow::default_memory_pool());
  Ids out;
  const auto drain = [&] {
    while (true) {
      const auto batch = buffer.pop();
      EXPECT_TRUE(batch.ok()) << batch.status().text();
      if (!batch.ok() || batch->rows == nullptr) return;
      const Ids ids = ids_of(*batch->rows);
      out.insert(out.end(), ids.begin(), ids.end());
    }
  };
  for (std::int64_t begin = 0; begin < rows; begin += block_rows) {
    Ids ids(static_cast<std::size_t>(std::min(block_rows, rows - begin)));
    std::iota(ids.begin(), ids.end(), begin);
    EXPECT_TRUE(buffer.push({id_rows(ids), nullptr}).ok());
    drain();
  }
  buffer.finish();
  drain();
  return out;
}

TEST(ShuffleBuffer, GivesEveryRowOnceInAnotherOrder) {
  Ids out = shuffled(1000, 100, 50, 1);
  Ids expected(1000);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_NE(out, expected);
  std::sort(out.begin(), out.end());
  EXPECT_EQ(out, expected);
}

TEST(ShuffleBuffer, TheSeedAloneDecidesTheOrder) {
  const Ids out = shuffled(500, 100, 64, 7);
  EXPECT_EQ(shuffled(500, 100, 64, 7), out);
  EXPECT_EQ(shuffled(500, 1, 64, 7), out);
  EXPECT_EQ(shuffled(500, 499, 64, 7), out);
  EXPECT_NE(shuffled(500, 100, 64, 8), out);
}

TEST(ShuffleBuffer, ABufferOfAllRowsShufflesAll) {
  Ids out = shuffled(20, 6, 100, 3);
  std::sort(out.begin(), out.end());
  EXPECT_EQ(out.size(), 20U);
  EXPECT_EQ(out.back(), 19);
}

TEST(ShuffleBuffer, LetsGoOfBlocksWhoseRowsAreOut) {
  ShuffleBuffer buffer(2, 1, 8, arrow::default_memory_pool());
  std::weak_ptr<int> lease;
  {
    auto first = std::make_shared<int>(1);
    lease = first;
    Ids ids(100);
    std::iota(ids.begin(), ids.end(), 0);
    ASSERT_TRUE(buffer.push({id_rows(ids), first}).ok());
  }
  while (true) {
    const auto batch = buffer.pop();
    ASSERT_TRUE(batch.ok());
    if (batch->rows == nullptr) break;
  }
  EXPECT_TRUE(lease.expired());  // two rows wait, copied out of the block
  buffer.finish();
  std::int64_t rest = 0;
  for (auto batch = buffer.pop(); batch.ok() && batch->rows != nullptr; batch = buffer.pop()) {
    rest += batch->rows->num_rows();
  }
  EXPECT_EQ(rest, 100 - 96);
}

}  // namespace
}  // namespace shoal::data
