#include "data/op/columns.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/json/from_string.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include "data/op/drop.h"
#include "data/op/filter_expr.h"
#include "data/op/from_items.h"
#include "data/op/rename.h"
#include "data/op/select.h"
#include "data/op/testing/drive.h"
#include "data/op/with_column.h"

namespace shoal::data {
namespace {

using Names = std::vector<std::string>;

/// a: 0, 1, 2, null; b: 0.5, null, -1, NaN; s: "x", "y", null, "z"; t: true, false, true, null; u: uint8 250, 1, 2, 3
NodePtr numbers_and_texts() {
  const auto schema = arrow::schema({arrow::field("a", arrow::int32()), arrow::field("b", arrow::float64()),
                                     arrow::field("s", arrow::utf8()), arrow::field("t", arrow::boolean()),
                                     arrow::field("u", arrow::uint8())});
  arrow::ArrayVector columns;
  const Names json = {"[0, 1, 2, null]", "[0.5, null, -1, NaN]", R"(["x", "y", null, "z"])",
                      "[true, false, true, null]", "[250, 1, 2, 3]"};
  for (std::size_t i = 0; i < json.size(); ++i) {
    columns.push_back(*arrow::json::ArrayFromJSONString(schema->field(static_cast<int>(i))->type(), json[i]));
  }
  return *make_from_rows(arrow::RecordBatch::Make(schema, 4, columns));
}

Names names_of(const NodePtr& node) { return (*drive_to_table(node))->ColumnNames(); }

/// known_schema() along the plan, which must say what comes out.
SchemaPtr schema_along(const Node& node) {
  return node.known_schema(node.input() == nullptr ? nullptr : schema_along(*node.input()));
}

void expect_known_schema(const NodePtr& node) {
  const SchemaPtr known = schema_along(*node);
  ASSERT_NE(known, nullptr);
  EXPECT_TRUE(known->Equals(*(*drive_to_table(node))->schema())) << known->ToString();
}

/// Values of `u` in the rows that the filter keeps; a name for each row.
std::vector<int> kept(const Expr& predicate) {
  std::vector<int> out;
  const auto splits = drive(make_filter(numbers_and_texts(), predicate));
  EXPECT_TRUE(splits.ok()) << splits.status().text();
  if (!splits.ok() || (*splits)[0].pieces.empty()) return out;
  const Rows& rows = (*splits)[0].pieces[0];
  const auto u = std::static_pointer_cast<arrow::UInt8Array>(rows->GetColumnByName("u"));
  for (std::int64_t i = 0; i < u->length(); ++i) out.push_back(u->Value(i));
  return out;
}

TEST(Select, KeepsColumnsInTheOrderAsked) {
  const NodePtr node = *make_select(numbers_and_texts(), {"s", "a"});
  EXPECT_EQ(names_of(node), (Names{"s", "a"}));
  expect_known_schema(node);
  EXPECT_EQ(node->describe(), "Select(s, a)");
}

TEST(Select, RefusesNothingTwiceAndUnknown) {
  EXPECT_EQ(make_select(numbers_and_texts(), {}).status().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(make_select(numbers_and_texts(), {"a", "a"}).status().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(drive_code(*make_select(numbers_and_texts(), {"a", "nope"})), ErrorCode::not_found);
}

TEST(Drop, LeavesTheOthers) {
  const NodePtr node = *make_drop(numbers_and_texts(), {"b", "t", "u"});
  EXPECT_EQ(names_of(node), (Names{"a", "s"}));
  expect_known_schema(node);
  EXPECT_EQ(drive_code(*make_drop(numbers_and_texts(), {"nope"})), ErrorCode::not_found);
  EXPECT_EQ(drive_code(*make_drop(numbers_and_texts(), {"a", "b", "s", "t", "u"})), ErrorCode::invalid_argument);
  EXPECT_EQ(node->needed_columns({"a"}), (Names{"a", "b", "t", "u"}));
}

TEST(Rename, TakesPlaceAtOnce) {
  const NodePtr node = *make_rename(numbers_and_texts(), {{"a", "b"}, {"b", "a"}, {"s", "text"}});
  EXPECT_EQ(names_of(node), (Names{"b", "a", "text", "t", "u"}));
  expect_known_schema(node);
  EXPECT_EQ(node->needed_columns({"a", "u"}), (Names{"a", "b", "s", "u"}));
  EXPECT_EQ(node->describe(), "Rename(a -> b, b -> a, s -> text)");
}

TEST(Rename, RefusesUnknownAndTakenNames) {
  EXPECT_EQ(drive_code(*make_rename(numbers_and_texts(), {{"nope", "x"}})), ErrorCode::not_found);
  EXPECT_EQ(drive_code(*make_rename(numbers_and_texts(), {{"a", "b"}})), ErrorCode::invalid_argument);
  EXPECT_EQ(make_rename(numbers_and_texts(), {{"a", "x"}, {"b", "x"}}).status().code(), ErrorCode::invalid_argument);
}

TEST(WithColumn, AddsOrReplaces) {
  const NodePtr added = *make_with_column(numbers_and_texts(), "c", col("a") * 2 + col("u"));
  EXPECT_EQ(names_of(added).back(), "c");
  expect_known_schema(added);
  const auto c = std::static_pointer_cast<arrow::Int32Array>((*drive_to_table(added))->GetColumnByName("c")->chunk(0));
  EXPECT_EQ(c->Value(0), 250);
  EXPECT_EQ(c->Value(2), 6);
  EXPECT_TRUE(c->IsNull(3));
  const NodePtr replaced = *make_with_column(numbers_and_texts(), "a", "constant");
  EXPECT_EQ(names_of(replaced), (Names{"a", "b", "s", "t", "u"}));
  expect_known_schema(replaced);
  EXPECT_EQ(replaced->needed_columns({"a", "b"}), (Names{"b"}));
}

TEST(Filter, ComparesAcrossTypes) {
  EXPECT_EQ(kept(col("a") > 0), (std::vector<int>{1, 2}));
  EXPECT_EQ(kept(0.5 < col("a")), (std::vector<int>{1, 2}));
  EXPECT_EQ(kept(col("u") >= 250), (std::vector<int>{250}));
  EXPECT_EQ(kept(col("u") < 100'000), (std::vector<int>{250, 1, 2, 3}));
  EXPECT_EQ(kept(col("u") > -1), (std::vector<int>{250, 1, 2, 3}));
  EXPECT_EQ(kept(col("a") == col("u")), (std::vector<int>{1, 2}));
  EXPECT_EQ(kept(col("s") >= "y"), (std::vector<int>{1, 3}));
  EXPECT_EQ(kept(col("b") < 0), (std::vector<int>{2}));
}

TEST(Filter, KeepsOnlyWhatIsTrue) {
  EXPECT_EQ(kept(col("t")), (std::vector<int>{250, 2}));
  EXPECT_EQ(kept(!col("t")), (std::vector<int>{1}));
  EXPECT_EQ(kept(col("a").is_null()), (std::vector<int>{3}));
  EXPECT_EQ(kept(!col("s").is_null() && !col("a").is_null()), (std::vector<int>{250, 1}));
  EXPECT_EQ(kept(col("a") == 99 || col("s") == "z"), (std::vector<int>{3}));
  EXPECT_EQ(kept(true), (std::vector<int>{250, 1, 2, 3}));
  EXPECT_EQ(kept(false), (std::vector<int>{}));
}

TEST(Filter, GivesTheBatchItselfWhereAllRowsStay) {
  const NodePtr input = numbers_and_texts();
  const Rows in = (*drive(input))[0].pieces[0];
  const Rows out = (*drive(make_filter(input, col("u") > 0)))[0].pieces[0];
  EXPECT_EQ(in->column(0)->data()->buffers[1], out->column(0)->data()->buffers[1]);
}

TEST(Filter, NamesWhatDoesNotFit) {
  EXPECT_EQ(drive_code(make_filter(numbers_and_texts(), col("nope") > 1)), ErrorCode::not_found);
  EXPECT_EQ(drive_code(make_filter(numbers_and_texts(), col("s") > 1)), ErrorCode::invalid_argument);
  EXPECT_EQ(drive_code(make_filter(numbers_and_texts(), col("a") + 1)), ErrorCode::invalid_argument);
  EXPECT_EQ(drive_code(make_filter(numbers_and_texts(), 1 / col("a") > 0)), ErrorCode::invalid_argument);
  EXPECT_EQ(drive_code(make_filter(numbers_and_texts(), col("u") * 100 > 0)), ErrorCode::ok);
  EXPECT_EQ(drive_code(make_filter(numbers_and_texts(), col("u") + col("u") > 0)), ErrorCode::invalid_argument);
  EXPECT_EQ(drive_code(make_filter(numbers_and_texts(), col("b") / 0.0 > 0)), ErrorCode::ok);
}

}  // namespace
}  // namespace shoal::data
