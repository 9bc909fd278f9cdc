#include "data/rows/agreed_columns.h"

#include <arrow/array.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <shoal/data/batch.h>

#include <optional>
#include <vector>

namespace shoal::data {
namespace {

using ArrowSchema = std::shared_ptr<arrow::Schema>;

ArrowSchema columns(const std::vector<std::pair<std::string, std::shared_ptr<arrow::DataType>>>& fields) {
  arrow::FieldVector made;
  for (const auto& [name, type] : fields) made.push_back(arrow::field(name, type));
  return arrow::schema(std::move(made));
}

ErrorCode refused(const ArrowSchema& first, const ArrowSchema& other) {
  return agree_on_columns(first, other).status().code();
}

TEST(AgreedColumns, EqualOnesKeepTheFirstObject) {
  const auto first = columns({{"a", arrow::int64()}, {"b", arrow::utf8()}});
  EXPECT_EQ(*agree_on_columns(first, columns({{"a", arrow::int64()}, {"b", arrow::utf8()}})), first);
  EXPECT_EQ(*agree_on_columns(first, columns({{"b", arrow::utf8()}, {"a", arrow::null()}})), first);
  EXPECT_EQ(*agree_on_columns(nullptr, first), first);
}

TEST(AgreedColumns, AColumnWithoutTypeTakesTheOthers) {
  const auto agreed = agree_on_columns(columns({{"a", arrow::null()}, {"b", arrow::null()}}),
                                       columns({{"b", arrow::null()}, {"a", arrow::int64()}}));
  ASSERT_TRUE(agreed.ok());
  EXPECT_EQ((*agreed)->ToString(), "a: int64\nb: null");
}

TEST(AgreedColumns, NullsInOneBlockAreAllowedInAll) {
  const auto never = arrow::schema({arrow::field("a", arrow::int64(), false)});
  const auto agreed = agree_on_columns(never, columns({{"a", arrow::int64()}}));
  ASSERT_TRUE(agreed.ok());
  EXPECT_TRUE((*agreed)->field(0)->nullable());
}

TEST(AgreedColumns, OtherNamesAndTypesAreRefused) {
  const auto first = columns({{"a", arrow::int64()}, {"b", arrow::utf8()}});
  EXPECT_EQ(refused(first, columns({{"a", arrow::int64()}})), ErrorCode::schema_mismatch);
  EXPECT_EQ(refused(columns({{"a", arrow::int64()}}), first), ErrorCode::schema_mismatch);
  EXPECT_EQ(refused(first, columns({{"a", arrow::int64()}, {"c", arrow::utf8()}})), ErrorCode::schema_mismatch);
  EXPECT_EQ(refused(first, columns({{"a", arrow::int32()}, {"b", arrow::utf8()}})), ErrorCode::schema_mismatch);
}

TEST(AgreedColumns, RowsGetTheColumnsThatWereAgreedOn) {
  const Batch in = BatchBuilder().add_column("b", {"x", "y"}).finish();
  const auto nulls = arrow::RecordBatch::Make(
      columns({{"b", arrow::utf8()}, {"a", arrow::null()}}), 2,
      arrow::ArrayVector{in.to_arrow()->column(0), std::make_shared<arrow::NullArray>(2)});
  const auto schema = columns({{"a", arrow::int64()}, {"b", arrow::utf8()}});
  const auto out = with_columns(nulls, schema, arrow::default_memory_pool());
  ASSERT_TRUE(out.ok());
  EXPECT_TRUE((*out)->ValidateFull().ok());
  EXPECT_EQ((*out)->schema(), schema);
  EXPECT_EQ(Batch(*out).column<std::optional<std::int64_t>>("a")[1], std::nullopt);
  EXPECT_EQ(Batch(*out).column<std::string>("b")[1], "y");
  EXPECT_EQ(*with_columns(*out, schema, arrow::default_memory_pool()), *out);
}

}  // namespace
}  // namespace shoal::data
