#include "data/rows/block_bytes.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

namespace shoal::data {
namespace {

using RowsPtr = std::shared_ptr<arrow::RecordBatch>;

RowsPtr one_column(const std::shared_ptr<arrow::Array>& array) {
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("c", array->type())}), array->length(), {array});
}

std::shared_ptr<arrow::Array> int64s(std::int64_t n) {
  arrow::Int64Builder builder;
  for (std::int64_t i = 0; i < n; ++i) builder.Append(i).ok();
  return *builder.Finish();
}

TEST(BlockBytes, CountsOnlyTheRowsOfASlice) {
  const RowsPtr rows = one_column(int64s(1000));
  EXPECT_EQ(block_bytes(rows), 8000);
  EXPECT_EQ(block_bytes(rows->Slice(990, 10)), 80);
}

TEST(BlockBytes, CountsTextByItsOffsets) {
  arrow::StringBuilder builder;
  for (const char* text : {"abc", "", "defghij"}) builder.Append(text).ok();
  const RowsPtr rows = one_column(*builder.Finish());
  EXPECT_EQ(block_bytes(rows), 4 * 4 + 10);
  EXPECT_EQ(block_bytes(rows->Slice(2, 1)), 2 * 4 + 7);
}

TEST(BlockBytes, CountsViewsAndDictionaries) {
  arrow::StringViewBuilder views;
  for (const char* text : {"short", "a text of more than twelve bytes", "tiny"}) views.Append(text).ok();
  const RowsPtr rows = one_column(*views.Finish());
  EXPECT_EQ(block_bytes(rows), 3 * 16 + 32);
  EXPECT_EQ(block_bytes(rows->Slice(2, 1)), 16);

  arrow::StringDictionary32Builder dictionary;
  for (int i = 0; i < 1000; ++i) dictionary.Append(i % 2 == 0 ? "even" : "odd").ok();
  const RowsPtr encoded = one_column(*dictionary.Finish());
  EXPECT_EQ(block_bytes(encoded), 1000 * 4 + 3 * 4 + 7);
  EXPECT_EQ(block_bytes(encoded->Slice(990, 10)), 10 * 4 + 3 * 4 + 7);
}

TEST(BlockBytes, CountsNestedValues) {
  const auto list = *arrow::FixedSizeListArray::FromArrays(int64s(100), 10);
  EXPECT_EQ(block_bytes(one_column(list)), 800);
  EXPECT_EQ(block_bytes(one_column(list)->Slice(5, 2)), 160);
  const auto nested = *arrow::StructArray::Make({int64s(10), int64s(10)}, std::vector<std::string>{"a", "b"});
  EXPECT_EQ(block_bytes(one_column(nested)), 160);
  EXPECT_EQ(block_bytes(one_column(nested)->Slice(3, 4)), 64);
}

TEST(BlockBytes, IsNeverZero) {
  EXPECT_EQ(block_bytes(arrow::RecordBatch::Make(arrow::schema({}), 5, std::vector<std::shared_ptr<arrow::Array>>{})),
            1);
}

}  // namespace
}  // namespace shoal::data
