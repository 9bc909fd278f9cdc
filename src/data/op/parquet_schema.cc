#include "data/op/parquet_schema.h"

#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/arrow/schema.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/size_statistics.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

#include "data/io/arrow_status.h"
#include "data/io/parquet_footer.h"
#include "data/op/columns.h"
#include "data/rows/agreed_columns.h"
#include "data/rows/plain_text.h"

namespace shoal::data {
namespace {

/// Extension types whose code is Arrow's own. A program may register more, but no file can ask for them.
constexpr std::array<std::string_view, 4> k_extensions = {"arrow.fixed_shape_tensor", "arrow.bool8", "arrow.json",
                                                          "arrow.uuid"};

Status check_type(const arrow::DataType& type, const std::string& column) {
  if (type.id() == arrow::Type::EXTENSION) {
    const auto& extension = static_cast<const arrow::ExtensionType&>(type);
    const std::string name = extension.extension_name();
    if (std::find(k_extensions.begin(), k_extensions.end(), name) == k_extensions.end()) {
      return Status(ErrorCode::unsupported,
                    fmt::format("column \"{}\" has the extension type {}, which files may not ask for", column, name));
    }
    return check_type(*extension.storage_type(), column);
  }
  for (const auto& field : type.fields()) SHOAL_RETURN_IF_ERROR(check_type(*field->type(), column));
  return Status();
}

void add_leaves(const parquet::arrow::SchemaField& field, std::vector<int>& leaves) {
  if (field.is_leaf()) leaves.push_back(field.column_index);
  for (const auto& child : field.children) add_leaves(child, leaves);
}

}  // namespace

parquet::ArrowReaderProperties parquet_arrow_properties() {
  parquet::ArrowReaderProperties properties(/*use_threads=*/false);
  properties.set_pre_buffer(false);  // The ranges are planned and fetched by Shoal's own client.
  return properties;
}

Result<SchemaPtr> schema_of(const parquet::FileMetaData& footer) {
  return catch_parquet([&]() -> Result<SchemaPtr> {
    SchemaPtr schema;
    SHOAL_RETURN_IF_ERROR(from_arrow(parquet::arrow::FromParquetSchema(footer.schema(), parquet_arrow_properties(),
                                                                       footer.key_value_metadata(), &schema),
                                     ErrorCode::unsupported));
    arrow::FieldVector fields;
    for (const auto& field : schema->fields()) {
      SHOAL_RETURN_IF_ERROR(check_type(*field->type(), field->name()));
      fields.push_back(arrow::field(field->name(), plain_type(field->type())));
    }
    return arrow::schema(std::move(fields));
  });
}

Result<std::vector<int>> leaf_columns(const parquet::FileMetaData& footer, const std::vector<std::string>& columns) {
  return catch_parquet([&]() -> Result<std::vector<int>> {
    std::vector<int> leaves;
    if (columns.empty()) {
      leaves.resize(static_cast<std::size_t>(footer.num_columns()));
      std::iota(leaves.begin(), leaves.end(), 0);
      return leaves;
    }
    SHOAL_ASSIGN_OR_RETURN(const SchemaPtr schema, schema_of(footer));
    parquet::arrow::SchemaManifest manifest;
    SHOAL_RETURN_IF_ERROR(from_arrow(parquet::arrow::SchemaManifest::Make(footer.schema(), footer.key_value_metadata(),
                                                                          parquet_arrow_properties(), &manifest),
                                     ErrorCode::unsupported));
    for (const std::string& column : columns) {
      SHOAL_ASSIGN_OR_RETURN(const int i, column_index(*schema, column, "read_parquet"));
      add_leaves(manifest.schema_fields[static_cast<std::size_t>(i)], leaves);
    }
    std::sort(leaves.begin(), leaves.end());
    return leaves;
  });
}

DecodedSize decoded_size(const parquet::RowGroupMetaData& group, const std::vector<int>& leaves) {
  DecodedSize size;
  double bytes = 0;  // A hostile footer may claim more than an integer holds.
  for (const int leaf : leaves) {
    const auto chunk = group.ColumnChunk(leaf);
    const auto values = static_cast<double>(chunk->num_values());
    const parquet::ColumnDescriptor& column = *group.schema()->Column(leaf);
    switch (column.physical_type()) {
      case parquet::Type::BOOLEAN: bytes += values / 8; break;
      case parquet::Type::INT32:
      case parquet::Type::FLOAT: bytes += values * 4; break;
      case parquet::Type::FIXED_LEN_BYTE_ARRAY: bytes += values * column.type_length(); break;
      case parquet::Type::BYTE_ARRAY: {
        const auto statistics = chunk->size_statistics();
        const bool known = statistics != nullptr && statistics->unencoded_byte_array_data_bytes.has_value();
        size.is_certain = size.is_certain && known;
        bytes += values * 4 + static_cast<double>(known ? *statistics->unencoded_byte_array_data_bytes
                                                        : chunk->total_uncompressed_size());
        break;
      }
      default: bytes += values * 8;
    }
  }
  constexpr double k_most = 1LL << 50;
  size.bytes = static_cast<std::int64_t>(std::clamp(bytes, 0.0, k_most));
  return size;
}

Status check_same_schema(const arrow::Schema& first, const std::string& first_path, const arrow::Schema& other,
                         const std::string& other_path) {
  std::string difference = column_difference(first, first_path, other, other_path);
  for (int i = 0; difference.empty() && i < first.num_fields(); ++i) {
    if (first.field(i)->name() == other.field(i)->name()) continue;
    difference = fmt::format("column {} is \"{}\" in {}, but \"{}\" in {}", i, first.field(i)->name(), first_path,
                             other.field(i)->name(), other_path);
  }
  if (difference.empty()) return Status();
  return Status(ErrorCode::schema_mismatch, difference + "; read the files apart, or write one of them again");
}

Status SharedSchema::check(const SchemaPtr& schema, const std::string& path) {
  const Lock lock(mutex_);
  if (schema_ == schema) return Status();
  if (schema_ != nullptr) SHOAL_RETURN_IF_ERROR(check_same_schema(*schema_, path_, *schema, path));
  SHOAL_ASSIGN_OR_RETURN(schema_, agree_on_columns(schema_, schema));
  if (path_.empty()) path_ = path;
  return Status();
}

}  // namespace shoal::data
