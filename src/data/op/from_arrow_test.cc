#include "data/op/from_arrow.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include "data/op/from_items.h"
#include "data/op/testing/drive.h"
#include "data/op/testing/parquet_files.h"

namespace shoal::data {
namespace {

std::shared_ptr<arrow::Array> numbers(int begin, int end) {
  arrow::Int64Builder builder;
  for (int i = begin; i < end; ++i) EXPECT_TRUE(builder.Append(i).ok());
  return *builder.Finish();
}

/// Two columns whose chunks end at different rows.
std::shared_ptr<arrow::Table> ragged_table() {
  auto a = std::make_shared<arrow::ChunkedArray>(arrow::ArrayVector{numbers(0, 30), numbers(30, 100)});
  auto b = std::make_shared<arrow::ChunkedArray>(arrow::ArrayVector{numbers(0, 55), numbers(55, 100)});
  return arrow::Table::Make(arrow::schema({arrow::field("a", arrow::int64()), arrow::field("b", arrow::int64())}),
                            {a, b});
}

TEST(FromArrow, GivesTheTableWithoutCopy) {
  const auto table = ragged_table();
  const NodePtr node = *make_from_arrow(table);
  EXPECT_EQ(node->known_rows(std::nullopt), 100);
  EXPECT_TRUE(node->known_schema(nullptr)->Equals(*table->schema()));
  for (const int parallelism : {1, 3, 100}) {
    const auto back = *drive_to_table(node, {.parallelism = parallelism, .block_bytes = 400});
    EXPECT_TRUE(back->Equals(*table)) << parallelism;
  }
  const auto splits = *drive(node, {.parallelism = 1});
  EXPECT_EQ(splits[0].pieces.size(), 3u);
  EXPECT_EQ(splits[0].pieces[0]->column(0)->data()->buffers[1]->data(),
            table->column(0)->chunk(0)->data()->buffers[1]->data());
}

TEST(FromArrow, GivesTextOfEveryFormAsText) {
  const std::string words = R"(["a", "b", null, "a text of more than twelve bytes"])";
  const auto table = json_table({{"large", arrow::large_utf8(), words},
                                 {"view", arrow::utf8_view(), words},
                                 {"bytes", arrow::binary_view(), words},
                                 {"kind", arrow::dictionary(arrow::int8(), arrow::utf8()), words}});
  const auto plain = json_table({{"large", arrow::utf8(), words},
                                 {"view", arrow::utf8(), words},
                                 {"bytes", arrow::binary(), words},
                                 {"kind", arrow::utf8(), words}});
  const NodePtr node = *make_from_arrow(table);
  EXPECT_TRUE(node->known_schema(nullptr)->Equals(*plain->schema()));
  EXPECT_TRUE((*drive_to_table(node, {.parallelism = 3}))->Equals(*plain));
}

TEST(FromArrow, CanBeCutToAWindow) {
  const auto table = ragged_table();
  const NodePtr node = dynamic_cast<const AcceptsWindow&>(**make_from_arrow(table)).with_window({20, 50});
  EXPECT_TRUE((*drive_to_table(node, {.parallelism = 4}))->Equals(*table->Slice(20, 50)));
}

TEST(FromArrow, RefusesWhatIsNoTable) {
  EXPECT_EQ(make_from_arrow(nullptr).status().code(), ErrorCode::invalid_argument);
  const auto twice = arrow::Table::Make(
      arrow::schema({arrow::field("a", arrow::int64()), arrow::field("a", arrow::int64())}),
      arrow::ArrayVector{numbers(0, 3), numbers(0, 3)});
  EXPECT_EQ(make_from_arrow(twice).status().code(), ErrorCode::invalid_argument);
  const auto uneven = arrow::Table::Make(
      arrow::schema({arrow::field("a", arrow::int64()), arrow::field("b", arrow::int64())}),
      arrow::ArrayVector{numbers(0, 3), numbers(0, 4)}, 3);
  EXPECT_EQ(make_from_arrow(uneven).status().code(), ErrorCode::invalid_argument);
}

TEST(FromItems, GivesEachUnitOfParallelismItsShare) {
  const auto schema = arrow::schema({arrow::field("item", arrow::int64())});
  const NodePtr node = *make_from_rows(arrow::RecordBatch::Make(schema, 10, {numbers(0, 10)}));
  EXPECT_EQ(drive(node, {.parallelism = 4})->size(), 4u);
  EXPECT_EQ((*drive_to_table(node, {.parallelism = 4}))->num_rows(), 10);
  EXPECT_EQ(node->describe(), "FromItems(10 rows)");
  EXPECT_EQ(make_from_rows(nullptr).status().code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace shoal::data
