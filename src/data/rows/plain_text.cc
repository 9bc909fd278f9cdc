#include "data/rows/plain_text.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "data/io/arrow_status.h"
#include "data/rows/arrow_types.h"

namespace shoal::data {
namespace {

Result<std::shared_ptr<arrow::Array>> to_plain(std::shared_ptr<arrow::Array> column,
                                               const std::shared_ptr<arrow::DataType>& type, arrow::MemoryPool* pool) {
  ensure_kernels();
  arrow::compute::ExecContext context(pool);
  const auto cast = [&](const std::shared_ptr<arrow::DataType>& to) {
    return from_arrow(arrow::compute::Cast(*column, to, arrow::compute::CastOptions::Safe(), &context),
                      ErrorCode::invalid_argument);
  };
  if (column->type_id() == arrow::Type::DICTIONARY) {
    SHOAL_ASSIGN_OR_RETURN(column, cast(static_cast<const arrow::DictionaryType&>(*column->type()).value_type()));
  }
  if (column->type()->Equals(*type)) return column;
  return cast(type);
}

}  // namespace

std::shared_ptr<arrow::DataType> plain_type(const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW: return arrow::utf8();
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW: return arrow::binary();
    case arrow::Type::DICTIONARY: return plain_type(static_cast<const arrow::DictionaryType&>(*type).value_type());
    default: return type;
  }
}

std::shared_ptr<arrow::Schema> plain_schema(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields())
    fields.push_back(field->WithType(plain_type(field->type()))->WithNullable(true));
  return arrow::schema(std::move(fields), schema.metadata());
}

Result<std::shared_ptr<arrow::RecordBatch>> to_plain(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                     const std::shared_ptr<arrow::Schema>& schema,
                                                     arrow::MemoryPool* pool) {
  arrow::ArrayVector columns = rows->columns();
  for (int i = 0; i < schema->num_fields(); ++i) {
    auto& column = columns[static_cast<std::size_t>(i)];
    const arrow::Field& field = *schema->field(i);
    if (column->type()->id() == field.type()->id()) continue;
    auto plain = to_plain(column, field.type(), pool);
    if (!plain.ok()) return plain.status().with_context("column \"" + field.name() + "\"");
    column = std::move(*plain);
  }
  return arrow::RecordBatch::Make(schema, rows->num_rows(), std::move(columns));
}

}  // namespace shoal::data
