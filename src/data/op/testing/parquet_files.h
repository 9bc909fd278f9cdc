#pragma once

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace shoal::data {

/// The bytes of a Parquet file, made by Arrow's own writer.
inline std::string parquet_bytes(const arrow::Table& table, std::int64_t row_group_rows = 1 << 20) {
  const auto sink = *arrow::io::BufferOutputStream::Create();
  const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  EXPECT_TRUE(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), sink, row_group_rows,
                                         parquet::default_writer_properties(), arrow_properties)
                  .ok());
  return (*sink->Finish())->ToString();
}

/// One column of a table, as JSON: {"a", arrow::int64(), "[1, 2, null]"}.
struct JsonColumn {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  std::string values;
};

inline std::shared_ptr<arrow::Table> json_table(const std::vector<JsonColumn>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const JsonColumn& column : columns) {
    fields.push_back(arrow::field(column.name, column.type));
    arrays.push_back(*arrow::json::ArrayFromJSONString(column.type, column.values));
  }
  return arrow::Table::Make(arrow::schema(fields), arrays);
}

/// Rows [begin, end) of: id int64 = row; third int32 = row / 3, null for every 7th; name utf8 = "name-<row>".
inline std::shared_ptr<arrow::Table> numbered_table(std::int64_t begin, std::int64_t end) {
  arrow::Int64Builder id;
  arrow::Int32Builder third;
  arrow::StringBuilder name;
  for (std::int64_t i = begin; i < end; ++i) {
    EXPECT_TRUE(id.Append(i).ok());
    EXPECT_TRUE((i % 7 == 0 ? third.AppendNull() : third.Append(static_cast<std::int32_t>(i / 3))).ok());
    EXPECT_TRUE(name.Append("name-" + std::to_string(i)).ok());
  }
  return arrow::Table::Make(arrow::schema({arrow::field("id", arrow::int64()), arrow::field("third", arrow::int32()),
                                           arrow::field("name", arrow::utf8())}),
                            {*id.Finish(), *third.Finish(), *name.Finish()});
}

}  // namespace shoal::data
