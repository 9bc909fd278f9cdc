#include "data/plan/consume/batch_cutter.h"

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "data/plan/testing/plans.h"

namespace shoal::data {
namespace {

using Ids = std::vector<std::int64_t>;

/// Pushes the blocks one by one and takes what comes.
std::vector<Ids> cut(const std::vector<Ids>& blocks, std::int64_t batch_rows, bool drop_last) {
  BatchCutter cutter(batch_rows, drop_last, arrow::default_memory_pool());
  std::vector<Ids> out;
  const auto drain = [&] {
    while (true) {
      const auto batch = cutter.pop();
      EXPECT_TRUE(batch.ok());
      if (batch->rows == nullptr) return;
      out.push_back(ids_of(*batch->rows));
    }
  };
  for (const Ids& block : blocks) {
    EXPECT_TRUE(cutter.push({id_rows(block), nullptr}).ok());
    drain();
  }
  cutter.finish();
  drain();
  return out;
}

TEST(BatchCutter, CutsExactlyWhateverTheBlocks) {
  const std::vector<Ids> expected = {{0, 1, 2}, {3, 4, 5}, {6, 7}};
  EXPECT_EQ(cut({{0, 1, 2, 3, 4, 5, 6, 7}}, 3, false), expected);
  EXPECT_EQ(cut({{0}, {1}, {2, 3}, {4, 5, 6, 7}}, 3, false), expected);
  EXPECT_EQ(cut({{0, 1, 2}, {3, 4, 5}, {6, 7}}, 3, false), expected);
}

TEST(BatchCutter, LeavesOutAShortLastBatchOnDemand) {
  EXPECT_EQ(cut({{0, 1, 2, 3}}, 3, true), (std::vector<Ids>{{0, 1, 2}}));
  EXPECT_EQ(cut({{0, 1, 2, 3}}, 4, true), (std::vector<Ids>{{0, 1, 2, 3}}));
  EXPECT_TRUE(cut({{0}}, 4, true).empty());
}

TEST(BatchCutter, SlicesWithoutACopy) {
  BatchCutter cutter(2, false, arrow::default_memory_pool());
  const Rows block = id_rows({0, 1, 2, 3});
  ASSERT_TRUE(cutter.push({block, nullptr}).ok());
  ASSERT_TRUE(cutter.pop().ok());
  const auto second = cutter.pop();
  const auto& column = static_cast<const arrow::Int64Array&>(*second->rows->column(0));
  EXPECT_EQ(column.raw_values(), static_cast<const arrow::Int64Array&>(*block->column(0)).raw_values() + 2);
}

TEST(BatchCutter, BatchesHoldTheLeasesOfTheirBlocks) {
  BatchCutter cutter(3, false, arrow::default_memory_pool());
  std::weak_ptr<int> first, second;
  {
    auto a = std::make_shared<int>(1), b = std::make_shared<int>(2);
    first = a;
    second = b;
    ASSERT_TRUE(cutter.push({id_rows({0, 1}), a}).ok());
    ASSERT_TRUE(cutter.push({id_rows({2, 3}), b}).ok());
  }
  auto batch = cutter.pop();
  ASSERT_TRUE(batch.ok());
  EXPECT_FALSE(first.expired());
  *batch = Run::Delivered{};
  EXPECT_TRUE(first.expired());
  EXPECT_FALSE(second.expired());  // row 3 is still to come
}

TEST(BatchCutter, RefusesBlocksOfOtherColumns) {
  BatchCutter cutter(3, false, arrow::default_memory_pool());
  ASSERT_TRUE(cutter.push({id_rows({0}), nullptr}).ok());
  EXPECT_EQ(cutter.push({*id_rows({1})->RenameColumns({"x"}), nullptr}).code(), ErrorCode::schema_mismatch);
}

}  // namespace
}  // namespace shoal::data
