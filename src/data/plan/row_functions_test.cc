#include <arrow/array/builder_primitive.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <shoal/base/error.h>
#include <shoal/data.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
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

/// What the same rows give where blocks are cut differently, by threads that come in another order.
std::vector<Dataset> cuts() {
  std::vector<Dataset> cuts;
  for (const int parallelism : {1, 2, 7, 100}) cuts.push_back(range(k_rows, {.parallelism = parallelism}));
  return cuts;
}

Row none_but_the_last(Row row) {
  row["last"] = std::nullopt;
  if (row["id"].as<std::int64_t>() == k_rows - 1) row["last"] = std::int64_t{7};
  return row;
}
Row none_but_the_first(Row row) {
  row["last"] = std::nullopt;
  if (row["id"].as<std::int64_t>() == 0) row["last"] = std::int64_t{7};
  return row;
}

TEST(RowFunctions, AColumnMayBeNullInWholeBlocks) {
  for (const Dataset& rows : cuts()) {
    const auto last = column(rows.map(none_but_the_last), "last");
    ASSERT_EQ(last.size(), k_rows);
    EXPECT_EQ(last.back(), 7);
    EXPECT_EQ(last.front(), std::nullopt);
    const auto first = column(rows.map(none_but_the_first), "last");
    EXPECT_EQ(first.front(), 7);
    EXPECT_EQ(first.back(), std::nullopt);
  }
}

TEST(RowFunctions, NullsOfWholeBlocksShuffleAndMaterialize) {
  for (const Dataset& rows : cuts()) {
    const Dataset kept = rows.map(none_but_the_last).materialize();
    EXPECT_EQ(column(kept, "last").back(), 7);
    std::int64_t sum = 0;
    for (const Batch& batch : kept.iter_batches({.batch_size = 3000, .shuffle_buffer = 5000, .seed = 1})) {
      for (const auto& value : batch.column<std::optional<std::int64_t>>("last")) sum += value.value_or(0);
    }
    EXPECT_EQ(sum, 7);
  }
}

TEST(RowFunctions, NullsOfWholeBlocksAreWrittenAndReadBack) {
  const auto folder = std::filesystem::temp_directory_path() / ("shoal-row-functions-" + std::to_string(::getpid()));
  for (const Dataset& rows : cuts()) {
    std::filesystem::remove_all(folder);
    rows.map(none_but_the_last).write_parquet(folder.string());
    const auto last = column(read_parquet(folder.string()), "last");
    std::filesystem::remove_all(folder);
    ASSERT_EQ(last.size(), k_rows);
    EXPECT_EQ(last.front(), std::nullopt);
    EXPECT_EQ(last.back(), 7);
  }
}

Row flag_the_last(Row row) {
  row["flag"] = std::nullopt;
  if (row["id"].as<std::int64_t>() == k_rows - 1) row["flag"] = true;
  return row;
}

TEST(RowFunctions, ExpressionsTakeNullsOfWholeBlocks) {
  for (const Dataset& rows : cuts()) {
    const Dataset flagged = rows.map(flag_the_last).map(none_but_the_first);
    const auto kept = [&](const Expr& filter) { return column(flagged.filter(filter), "id"); };
    const std::vector<std::optional<std::int64_t>> last = {k_rows - 1};
    EXPECT_EQ(kept(col("flag")), last);
    EXPECT_EQ(kept(col("flag") && col("id") > 5), last);
    EXPECT_EQ(kept(!col("flag") || col("flag")), last);
    EXPECT_EQ(kept(col("last") + 1 == 8 || col("flag")).size(), 2u);
    EXPECT_EQ(column(flagged.add_column("more", col("last") + col("id")), "more").front(), 7);
  }
}

template <class F>
ErrorCode outcome_of(const Dataset& dataset, F function) {
  try {
    column(dataset.map(function), "id");
  } catch (const Error& error) { return error.code(); }
  return ErrorCode::ok;
}

TEST(RowFunctions, WhatDiffersFromRowToRowIsRefusedHoweverBlocksAreCut) {
  for (const Dataset& rows : cuts()) {
    EXPECT_EQ(outcome_of(rows,
                         [](Row row) {
                           if (row["id"].as<std::int64_t>() >= 5000) row["large"] = true;
                           return row;
                         }),
              ErrorCode::schema_mismatch);
    EXPECT_EQ(outcome_of(rows,
                         [](Row row) {
                           if (row["id"].as<std::int64_t>() >= 5000) row["x"] = 1.5;
                           if (row["id"].as<std::int64_t>() < 5000) row["x"] = "text";
                           return row;
                         }),
              ErrorCode::schema_mismatch);
    EXPECT_EQ(outcome_of(range_tensor(k_rows, {.shape = {4}}),
                         [](Row row) {
                           const auto data = row["data"].as<Tensor<std::int64_t>>();
                           row["id"] = data(0);
                           if (data(0) >= 5000) row["data"] = Tensor<std::int64_t>(Shape{2});
                           return row;
                         }),
              ErrorCode::schema_mismatch);
  }
}

struct OnlyId {
  std::int64_t id = 0;
};

TEST(RowFunctions, ErrorsNameTheRow) {
  const auto fail = [](OnlyId row) {
    if (row.id == 6789) throw std::runtime_error("no such number");
    return row;
  };
  try {
    range(k_rows, {.parallelism = 2}).map(fail).take(k_rows);
    FAIL() << "it should have thrown";
  } catch (const TaskFailed& error) {
    EXPECT_NE(std::string(error.what()).find("row 1789 of input block 1"), std::string::npos) << error.what();
  }
}

TEST(RowFunctions, ColumnsMayBeSetInAnyOrder) {
  for (const Dataset& rows : cuts()) {
    EXPECT_EQ(outcome_of(rows,
                         [](Row row) {
                           const bool late = row["id"].as<std::int64_t>() >= 5000;
                           row[late ? "a" : "b"] = 1;
                           row[late ? "b" : "a"] = 2;
                           return row;
                         }),
              ErrorCode::ok);
  }
}

}  // namespace
}  // namespace shoal::data
