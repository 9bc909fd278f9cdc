#include <arrow/array/builder_primitive.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <shoal/base/error.h>
#include <shoal/data.h>

#include <cstdint>
#include <optional>
#include <vector>

/// Functions of rows in whole runs: what a row becomes must not depend on the call, the block or the thread it is in.
namespace shoal::data {
namespace {

/// More rows than one call of a function gets, so that calls differ.
constexpr std::int64_t k_rows = 10'000;

std::vector<std::optional<std::int64_t>> column(const Dataset& dataset, const std::string& name) {
  std::vector<std::optional<std::int64_t>> values;
  for (const Batch& batch : dataset.iter_batches({.batch_size = 3000})) {
    const auto view = batch.column<std::optional<std::int64_t>>(name);
    for (std::int64_t i = 0; i < view.size(); ++i) values.push_back(view[i]);
  }
  return values;
}

Row negate_the_last(Row row) {
  const auto id = row["id"].as<std::int64_t>();
  if (id > 9000) row["id"] = -id;
  return row;
}

TEST(RowFunctions, MayChangeAColumnInSomeRows) {
  const auto ids = column(range(k_rows).map(negate_the_last), "id");
  ASSERT_EQ(ids.size(), k_rows);
  EXPECT_EQ(ids[9000], 9000);
  EXPECT_EQ(ids[9001], -9001);
}

TEST(RowFunctions, MayChangeAColumnThatArrowSaysHasNoNulls) {
  arrow::Int64Builder ids;
  for (std::int64_t i = 0; i < k_rows; ++i) ASSERT_TRUE(ids.Append(i).ok());
  const auto schema = arrow::schema({arrow::field("id", arrow::int64(), /*nullable=*/false)});
  const auto values = column(from_arrow(arrow::Table::Make(schema, {*ids.Finish()})).map(negate_the_last), "id");
  ASSERT_EQ(values.size(), k_rows);
  EXPECT_EQ(values[9001], -9001);
}

}  // namespace
}  // namespace shoal::data
