#include "data/plan/consume/cast_columns.h"

#include <arrow/array.h>
#include <arrow/extension/fixed_shape_tensor.h>
#include <arrow/json/from_string.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

namespace shoal::data {
namespace {

Rows rows_of(const std::string& name, const std::shared_ptr<arrow::Array>& column) {
  return arrow::RecordBatch::Make(arrow::schema({arrow::field(name, column->type())}), column->length(), {column});
}

Result<Rows> cast(const Rows& rows, const std::string& dtype) {
  return cast_columns(rows, *parse_dtype(dtype), arrow::default_memory_pool());
}

std::shared_ptr<arrow::Array> json(const std::shared_ptr<arrow::DataType>& type, const std::string& text) {
  return *arrow::json::ArrayFromJSONString(type, text);
}

TEST(CastColumns, CastsNumbersAndKeepsTheRest) {
  const auto out = cast(rows_of("n", json(arrow::uint8(), "[1, null, 3]")), "float32");
  ASSERT_TRUE(out.ok());
  EXPECT_TRUE((*out)->column(0)->Equals(*json(arrow::float32(), "[1, null, 3]")));
  const Rows text = rows_of("s", json(arrow::utf8(), R"(["a"])"));
  EXPECT_TRUE((*cast(text, "float32"))->Equals(*text));
}

TEST(CastColumns, CastsTensorsOfFixedShapeInASlice) {
  const auto type = std::static_pointer_cast<arrow::ExtensionType>(
      arrow::extension::fixed_shape_tensor(arrow::uint8(), {2, 1}));
  const auto tensors = arrow::ExtensionType::WrapArray(
      type, json(arrow::fixed_size_list(arrow::uint8(), 2), "[[1, 2], [3, 4], [5, 6]]"));
  const auto out = cast(rows_of("t", tensors)->Slice(1), "float64");
  ASSERT_TRUE(out.ok()) << out.status().text();
  EXPECT_TRUE((*out)->column(0)->type()->Equals(*arrow::extension::fixed_shape_tensor(arrow::float64(), {2, 1})));
  const auto& storage = static_cast<const arrow::ExtensionArray&>(*(*out)->column(0)).storage();
  EXPECT_TRUE(storage->Equals(*json(arrow::fixed_size_list(arrow::float64(), 2), "[[3, 4], [5, 6]]")));
}

TEST(CastColumns, CastsTensorsOfVaryingShape) {
  const auto type = [](const std::shared_ptr<arrow::DataType>& number) {
    return arrow::struct_(
        {arrow::field("data", arrow::list(number)), arrow::field("shape", arrow::fixed_size_list(arrow::int32(), 1))});
  };
  const std::string text = R"([{"data": [1, 2], "shape": [2]}, {"data": [3], "shape": [1]}])";
  const auto out = cast(rows_of("t", json(type(arrow::uint8()), text)), "int64");
  ASSERT_TRUE(out.ok()) << out.status().text();
  EXPECT_TRUE((*out)->column(0)->Equals(*json(type(arrow::int64()), text)));
}

TEST(CastColumns, CutsFractionsAndRefusesOverflow) {
  EXPECT_TRUE(
      (*cast(rows_of("x", json(arrow::float64(), "[1.7]")), "int32"))->column(0)->Equals(*json(arrow::int32(), "[1]")));
  EXPECT_EQ(cast(rows_of("x", json(arrow::int64(), "[300]")), "uint8").status().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(parse_dtype("float").status().code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace shoal::data
