#include "data/op/ship.h"

#include <arrow/array/array_dict.h>
#include <arrow/json/from_string.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/testing/temp_folder.h"
#include "data/op/block_merge.h"
#include "data/op/drop.h"
#include "data/op/expr_terms.h"
#include "data/op/filter_expr.h"
#include "data/op/from_arrow.h"
#include "data/op/from_items.h"
#include "data/op/limit.h"
#include "data/op/list_files.h"
#include "data/op/range.h"
#include "data/op/range_tensor.h"
#include "data/op/read_binary.h"
#include "data/op/read_images.h"
#include "data/op/read_parquet.h"
#include "data/op/read_text.h"
#include "data/op/rename.h"
#include "data/op/select.h"
#include "data/op/testing/encode_image.h"
#include "data/op/testing/parquet_files.h"
#include "data/op/testing/ship_drive.h"
#include "data/op/with_column.h"
#include "data/op/write_parquet.h"
#include "data/plan/testing/plans.h"

namespace shoal::data {
namespace {

NodePtr cut_to(const NodePtr& source, const RowWindow& window) {
  return dynamic_cast<const AcceptsWindow&>(*source).with_window(window);
}

TEST(Ship, Ranges) {
  expect_same_elsewhere(range_node(1000), {.parallelism = 3, .block_bytes = 256});
  expect_same_elsewhere(*make_range(1000, {.parallelism = 7}));
  expect_same_elsewhere(cut_to(range_node(1000), {.offset = 100, .length = 50}), {.parallelism = 4});
}

TEST(Ship, RangesOfTensors) {
  expect_same_elsewhere(*make_range_tensor(100, {.shape = {2, 3}}), {.parallelism = 3, .block_bytes = 256});
}

TEST(Ship, TablesWithTheirChunks) {
  const auto table = *arrow::ConcatenateTables({numbered_table(0, 10), numbered_table(10, 13), numbered_table(13, 40)});
  expect_same_elsewhere(*make_from_arrow(table), {.parallelism = 3});
  expect_same_elsewhere(cut_to(*make_from_arrow(table), {.offset = 8, .length = 20}), {.parallelism = 2});
}

TEST(Ship, TablesOfTextThatIsNotPlain) {
  const auto names = *arrow::json::ArrayFromJSONString(arrow::large_utf8(), R"(["a", null, "b"])");
  const auto places = *arrow::json::ArrayFromJSONString(arrow::int8(), "[1, 0, null]");
  const auto words = *arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["x", "y"])");
  const auto coded = *arrow::DictionaryArray::FromArrays(arrow::dictionary(arrow::int8(), arrow::utf8()), places,
                                                         words);
  expect_same_elsewhere(*make_from_arrow(arrow::Table::Make(
      arrow::schema({arrow::field("a", names->type()), arrow::field("b", coded->type())}), {names, coded})));
}

TEST(Ship, Items) { expect_same_elsewhere(*make_from_rows(id_rows({5, 6, 7, 8})), {.parallelism = 2}); }

TEST(Ship, StepsOverColumns) {
  const NodePtr table = *make_from_arrow(numbered_table(0, 100));
  expect_same_elsewhere(*make_select(table, {"name", "id"}));
  expect_same_elsewhere(*make_drop(table, {"third"}));
  expect_same_elsewhere(*make_rename(table, {{"id", "number"}, {"name", "id"}}));
  expect_same_elsewhere(*make_with_column(table, "sum", col("id") + col("third") * 2));
  expect_same_elsewhere(make_filter(table, col("id") > 10 && !(col("third").is_null() || col("name") == "name-50")));
}

TEST(Ship, StepsBehindASource) {
  Pipeline pipeline;
  pipeline.steps = {make_fragment_limit(5), make_block_merge()};
  pipeline.label = "Limit(5)";
  pipeline.batch_rows = 77;
  const auto there = shipped(pipeline);
  ASSERT_TRUE(there.ok()) << there.status().text();
  EXPECT_EQ((*there)->source, nullptr);
  EXPECT_EQ((*there)->batch_rows, 77);
  StepContext context;
  context.pool = arrow::default_memory_pool();
  const auto stream = open_pipeline(**there, {id_rows({1, 2, 3}), id_rows({4, 5, 6})}, context, nullptr);
  EXPECT_EQ(ids_of(**stream->next()), (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(*stream->next(), nullptr);
}

/// Steps that read files.
class ShipFiles : public ::testing::Test {
 protected:
  std::vector<std::string> uris() const { return {folder_.path()}; }
  void expect_same(const Result<NodePtr>& plan, DriveOptions options = {}) {
    ASSERT_TRUE(plan.ok()) << plan.status().text();
    options.storage = &clients_;
    expect_same_elsewhere(*plan, options);
  }

  TempFolder folder_;
  StorageClients clients_;
};

TEST_F(ShipFiles, Listings) {
  for (const char* name : {"a/1.txt", "a/2.csv", "b/3.txt", "_hidden/4.txt"}) folder_.write(name, "some bytes");
  expect_same(make_list_files({.uris = uris(), .suffixes = {".txt"}, .range_bytes = 4}), {.parallelism = 3});
  expect_same(make_list_objects(uris(), {.recursive = false}));
}

TEST_F(ShipFiles, TextAndBytes) {
  folder_.write("a.txt", "one\n\ntwo\r\nthree");
  folder_.write("b.txt", "four\n");
  expect_same(make_read_text(uris(), {.include_paths = true, .skip_empty_lines = true}));
  expect_same(make_read_text_ranges(uris(), {}, 3));
  expect_same(make_read_binary(uris(), {}));
  expect_same(make_read_binary(uris(), {.include_paths = false, .suffixes = {"b.txt"}}));
}

TEST_F(ShipFiles, Images) {
  folder_.write("a.jpg", encode_jpeg(smooth_image(40, 60, 3)));
  folder_.write("b.png", encode_png(smooth_image(20, 30, 3)));
  expect_same(make_read_images(uris(), {.include_paths = true}));
  expect_same(make_read_images(uris(), {.mode = ImageMode::gray, .size = {16, 16}}));
}

TEST_F(ShipFiles, Parquet) {
  folder_.write("a.parquet", parquet_bytes(*numbered_table(0, 100), 10));
  folder_.write("b.parquet", parquet_bytes(*numbered_table(100, 150), 10));
  expect_same(make_read_parquet(uris()), {.parallelism = 4});
  expect_same(make_read_parquet(uris(), {.columns = {"name", "id"}, .filter = col("third") < 12, .parallelism = 2}));
}

TEST_F(ShipFiles, CredentialsOfTheirStore) {
  StorageOptions storage{
      .endpoint = "http://127.0.0.1:1", .access_key = "key", .secret_key = "secret", .deadline_s = 2};
  const StorageOptions read = from_payload<StorageOptions>(to_payload(storage));
  EXPECT_TRUE(read == storage);
}

TEST_F(ShipFiles, WhatHoldsThingsOfThisProcessSaysSo) {
  const auto refused = [](const Step& step) {
    const Status status = step.ship().status();
    EXPECT_EQ(status.code(), ErrorCode::unsupported);
    return status.text();
  };
  EXPECT_TRUE(refused(*map_node(range_node(1), "f")->step()).starts_with("Map(f) "));
  EXPECT_TRUE(refused(*(*make_read_text(uris(), {.quarantine = Quarantine{}}))->step()).starts_with("ReadText "));
  EXPECT_TRUE(refused(*(*make_read_images(uris(), {.quarantine = Quarantine{}}))->step()).starts_with("ReadImages "));
  const auto job = *WriteJob::start(folder_ / "out", {}, clients_);
  EXPECT_TRUE(refused(*job->node(range_node(1))->step()).starts_with("WriteParquet "));
}

TEST(Ship, AStepThatStaysIsNamedWithItsPipeline) {
  const NodePtr plan = map_node(range_node(1), "f");
  EXPECT_EQ(pack_pipeline(fused(*plan)).status().code(), ErrorCode::unsupported);
}

TEST(Ship, RefusesWhatIsCutOff) {
  const Payload whole = *pack_pipeline(fused(*make_filter(range_node(5), col("id") > 2)));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Payload part(size);
    std::copy_n(whole.data(), size, part.data());
    EXPECT_FALSE(unpack_pipeline(part).ok()) << size;
  }
}

TEST(ExprTerms, MakeTheSameExpression) {
  const Expr a = col("a"), b = col("b");
  const std::vector<Expr> all = {a == b,
                                 a != b,
                                 a<b, a <= b, a>
                                     b,
                                 a >= b,
                                 a + b,
                                 a - b,
                                 a * b,
                                 a / b,
                                 a && b,
                                 a || b,
                                 !a,
                                 a.is_null(),
                                 (a - b) - (b - 1) < 2.5,
                                 a == "text",
                                 a == true,
                                 a < std::numeric_limits<std::uint64_t>::max()};
  for (const Expr& expr : all) {
    const auto made = expr_of(from_payload<ExprTerms>(to_payload(terms_of(expr))));
    ASSERT_TRUE(made.ok()) << expr.to_string();
    EXPECT_TRUE(made->equals(expr)) << expr.to_string();
  }
}

TEST(ExprTerms, RefuseWhatIsNoExpression) {
  const auto term = [](Expr::Op op) { return ExprTerm{.op = static_cast<std::uint8_t>(op)}; };
  const ExprTerm column = term(Expr::Op::column), add = term(Expr::Op::add), is_null = term(Expr::Op::is_null);
  const std::vector<ExprTerms> wrong = {
      {}, {add}, {column, add}, {is_null}, {column, column}, {column, column, ExprTerm{.op = 200}}};
  for (const ExprTerms& terms : wrong) EXPECT_EQ(expr_of(terms).status().code(), ErrorCode::corrupt_data);
}

}  // namespace
}  // namespace shoal::data
