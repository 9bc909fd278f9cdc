#include "data/op/range.h"

#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/extension/fixed_shape_tensor.h>
#include <gtest/gtest.h>

#include "data/op/range_tensor.h"
#include "data/op/row_source.h"
#include "data/op/testing/drive.h"

namespace shoal::data {
namespace {

std::vector<std::int64_t> ids(const std::vector<DrivenSplit>& splits) {
  std::vector<std::int64_t> out;
  for (const DrivenSplit& split : splits) {
    for (const Rows& rows : split.pieces) {
      const auto& column = static_cast<const arrow::Int64Array&>(*rows->column(0));
      out.insert(out.end(), column.raw_values(), column.raw_values() + column.length());
    }
  }
  return out;
}

std::vector<std::int64_t> from_to(std::int64_t begin, std::int64_t end) {
  std::vector<std::int64_t> out;
  for (std::int64_t i = begin; i < end; ++i) out.push_back(i);
  return out;
}

TEST(Cut, PartsDifferByOneRowAndCoverAll) {
  std::int64_t at = 5;
  for (std::int64_t i = 0; i < 4; ++i) {
    const RowRange part = nth_part({5, 16}, 4, i);
    EXPECT_EQ(part.begin, at);
    EXPECT_TRUE(part.size() == 2 || part.size() == 3);
    at = part.end;
  }
  EXPECT_EQ(at, 16);
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(nth_part({0, most}, 7, 6).end, most);
}

TEST(Cut, WindowsAreCutToTheRows) {
  EXPECT_EQ(cut_to_window({10, 20}, {3, 4}), (RowRange{13, 17}));
  EXPECT_EQ(cut_to_window({10, 20}, {8, k_all_rows}), (RowRange{18, 20}));
  EXPECT_EQ(cut_to_window({10, 20}, {30, 5}), (RowRange{20, 20}));
}

TEST(Range, GivesItsRowsWhateverTheCut) {
  const NodePtr node = *make_range(1000);
  EXPECT_EQ(node->known_rows(std::nullopt), 1000);
  for (const int parallelism : {1, 7, 1000, 5000}) {
    const std::vector<DrivenSplit> splits = *drive(node, {.parallelism = parallelism, .block_bytes = 800});
    EXPECT_EQ(splits.size(), static_cast<std::size_t>(std::min(std::max(parallelism, 10), 1000)));
    EXPECT_EQ(ids(splits), from_to(0, 1000));
  }
}

TEST(Range, KnowsItsSchema) {
  const NodePtr node = *make_range(3);
  EXPECT_TRUE((*drive(node))[0].pieces[0]->schema()->Equals(*node->known_schema(nullptr)));
  EXPECT_EQ(node->known_schema(nullptr)->field(0)->name(), "id");
}

TEST(Range, ASplitAboveTheBlockSizeComesInEqualPieces) {
  const std::vector<DrivenSplit> splits = *drive(*make_range(1000, {.parallelism = 2}), {.block_bytes = 1600});
  ASSERT_EQ(splits.size(), 2u);
  ASSERT_EQ(splits[0].pieces.size(), 3u);
  EXPECT_EQ(splits[0].pieces[0]->num_rows(), 167);
  EXPECT_EQ(splits[0].pieces[2]->num_rows(), 166);
  EXPECT_EQ(ids(splits), from_to(0, 1000));
}

TEST(Range, CanBeCutToAWindow) {
  const NodePtr node = dynamic_cast<const AcceptsWindow&>(**make_range(100)).with_window({90, 50});
  EXPECT_EQ(node->known_rows(std::nullopt), 10);
  EXPECT_EQ(ids(*drive(node, {.parallelism = 3})), from_to(90, 100));
  EXPECT_EQ(node->describe(), "Range(100, rows 90 to 100)");
}

TEST(Range, OfNothingHasNoSplits) {
  EXPECT_TRUE(drive(*make_range(0))->empty());
  EXPECT_EQ(make_range(-1).status().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(make_range(1, {.parallelism = 0}).status().code(), ErrorCode::invalid_argument);
}

TEST(RangeTensor, FillsEachRowWithItsNumber) {
  const NodePtr node = *make_range_tensor(10, {.shape = {2, 3}, .parallelism = 4});
  const std::vector<DrivenSplit> splits = *drive(node);
  ASSERT_EQ(splits.size(), 4u);
  std::int64_t row = 0;
  for (const DrivenSplit& split : splits) {
    ASSERT_EQ(split.pieces.size(), 1u);
    const auto& column = dynamic_cast<const arrow::ExtensionArray&>(*split.pieces[0]->GetColumnByName("data"));
    const auto& type = dynamic_cast<const arrow::extension::FixedShapeTensorType&>(*column.type());
    EXPECT_EQ(type.shape(), (std::vector<std::int64_t>{2, 3}));
    const auto& list = static_cast<const arrow::FixedSizeListArray&>(*column.storage());
    const auto& values = static_cast<const arrow::Int64Array&>(*list.values());
    for (std::int64_t i = 0; i < values.length(); ++i) EXPECT_EQ(values.Value(i), row + i / 6);
    row += column.length();
  }
  EXPECT_EQ(row, 10);
  EXPECT_TRUE(splits[0].pieces[0]->schema()->Equals(*node->known_schema(nullptr)));
}

TEST(RangeTensor, ExplicitParallelismGivesExactlySoManyBlocks) {
  const NodePtr node = *make_range_tensor(5000, {.shape = {80, 80, 3}, .parallelism = 200});
  const Pipeline pipeline = fused(*node);
  EXPECT_EQ(*pipeline.source->split_count(16, 64 << 20), 200);
  const DrivenSplit split = *drive_split(pipeline, 199, {.block_bytes = 64 << 20});
  EXPECT_EQ(split.rows, 25);
  EXPECT_EQ(split.pieces.size(), 1u);
}

TEST(RangeTensor, RefusesShapesWithoutElementsAndTooLargeOnes) {
  for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{}, {0}, {3, -1}, {1 << 20, 1 << 20}}) {
    EXPECT_EQ(make_range_tensor(1, {.shape = shape}).status().code(), ErrorCode::invalid_argument);
  }
}

}  // namespace
}  // namespace shoal::data
