#include "data/plan/consume/cast_columns.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/extension/fixed_shape_tensor.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <array>

#include "data/io/arrow_status.h"

namespace shoal::data {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;

/// The column's type with numbers of `number` in it; null where it holds no numbers.
TypePtr with_numbers(const TypePtr& type, const TypePtr& number) {
  if (arrow::is_integer(type->id()) || arrow::is_floating(type->id())) return number;
  if (type->id() != arrow::Type::STRUCT || type->num_fields() != 2 || type->field(0)->name() != "data" ||
      type->field(1)->name() != "shape") {
    return nullptr;
  }
  // A tensor column whose shape varies; the shape stays as it is.
  const auto& data = type->field(0);
  if (data->type()->id() == arrow::Type::LIST) {
    return arrow::struct_({data->WithType(arrow::list(number)), type->field(1)});
  }
  if (data->type()->id() == arrow::Type::LARGE_LIST) {
    return arrow::struct_({data->WithType(arrow::large_list(number)), type->field(1)});
  }
  return nullptr;
}

Result<std::shared_ptr<arrow::Array>> cast_array(const arrow::Array& array, const TypePtr& type,
                                                 arrow::MemoryPool* pool) {
  arrow::compute::CastOptions options;
  options.allow_float_truncate = true;
  arrow::compute::ExecContext context(pool);
  return from_arrow(arrow::compute::Cast(array, type, options, &context), ErrorCode::invalid_argument);
}

Result<std::shared_ptr<arrow::Array>> cast_tensors(const arrow::ExtensionArray& column, const TypePtr& number,
                                                   arrow::MemoryPool* pool) {
  const auto& type = static_cast<const arrow::extension::FixedShapeTensorType&>(*column.type());
  SHOAL_ASSIGN_OR_RETURN(const TypePtr tensor, from_arrow(arrow::extension::FixedShapeTensorType::Make(
                                                   number, type.shape(), type.permutation(), type.dim_names())));
  const TypePtr& storage = static_cast<const arrow::ExtensionType&>(*tensor).storage_type();
  SHOAL_ASSIGN_OR_RETURN(const auto cast, cast_array(*column.storage(), storage, pool));
  return arrow::ExtensionType::WrapArray(tensor, cast);
}

Result<std::shared_ptr<arrow::Array>> cast_column(const std::shared_ptr<arrow::Array>& column, const TypePtr& number,
                                                  arrow::MemoryPool* pool) {
  if (dynamic_cast<const arrow::extension::FixedShapeTensorType*>(column->type().get()) != nullptr) {
    return cast_tensors(static_cast<const arrow::ExtensionArray&>(*column), number, pool);
  }
  const TypePtr type = with_numbers(column->type(), number);
  if (type == nullptr || type->Equals(*column->type())) return column;
  return cast_array(*column, type, pool);
}

}  // namespace

Result<TypePtr> parse_dtype(const std::string& name) {
  static const std::array types = {arrow::int8(),    arrow::int16(),  arrow::int32(),  arrow::int64(),
                                   arrow::uint8(),   arrow::uint16(), arrow::uint32(), arrow::uint64(),
                                   arrow::float32(), arrow::float64()};
  static const std::array names = {"int8",   "int16",  "int32",  "int64",   "uint8",
                                   "uint16", "uint32", "uint64", "float32", "float64"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (name == names[i]) return types[i];
  }
  return Status(ErrorCode::invalid_argument,
                "BatchOptions.dtype must be one of int8, int16, int32, int64, uint8, "
                "uint16, uint32, uint64, float32, float64, but is \"" +
                    name + "\"");
}

Result<Rows> cast_columns(const Rows& rows, const TypePtr& type, arrow::MemoryPool* pool) {
  std::vector<std::shared_ptr<arrow::Field>> fields = rows->schema()->fields();
  std::vector<std::shared_ptr<arrow::Array>> columns = rows->columns();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    auto cast = cast_column(columns[i], type, pool);
    if (!cast.ok()) {
      return cast.status().with_context("column \"" + fields[i]->name() + "\" as " + type->ToString());
    }
    columns[i] = std::move(cast).value();
    fields[i] = fields[i]->WithType(columns[i]->type());
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields), rows->schema()->metadata()), rows->num_rows(),
                                  std::move(columns));
}

}  // namespace shoal::data
