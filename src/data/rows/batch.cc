#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <shoal/data/batch.h>

#include "base/status.h"
#include "data/rows/arrow_types.h"
#include "data/rows/tensor_column.h"

namespace shoal::data::inline v1 {
namespace {

/// Keeps an array and what its batch was leased with.
struct Held {
  std::shared_ptr<arrow::Array> array;
  std::shared_ptr<const void> lease;
};

const std::shared_ptr<arrow::RecordBatch>& filled(const std::shared_ptr<arrow::RecordBatch>& rows) {
  if (rows == nullptr) {
    throw_error(ErrorCode::invalid_argument, "the batch is empty: it was default-constructed or moved from");
  }
  return rows;
}

int find_column(const arrow::RecordBatch& rows, std::string_view name) {
  const int found = rows.schema()->GetFieldIndex(std::string(name));
  if (found < 0) {
    throw_error(ErrorCode::not_found, "the batch has no column '" + std::string(name) + "', or several; its columns " +
                                          "are: " + describe_columns(*rows.schema()));
  }
  return found;
}

[[noreturn]] void throw_wrong_type(std::string_view name, const arrow::DataType& actual, const std::string& asked) {
  throw_error(ErrorCode::schema_mismatch, "column '" + std::string(name) + "' is " + describe_type(actual) + ", not " +
                                              asked + ". Read it as that type, or map it first.");
}

}  // namespace

std::int64_t Batch::num_rows() const { return rows_ == nullptr ? 0 : rows_->num_rows(); }

std::vector<std::string> Batch::column_names() const {
  return rows_ == nullptr ? std::vector<std::string>() : rows_->schema()->field_names();
}

bool Batch::has_column(std::string_view name) const {
  return rows_ != nullptr && rows_->schema()->GetFieldIndex(std::string(name)) >= 0;
}

std::string Batch::column_type(std::string_view name) const {
  return describe_type(*filled(rows_)->column(find_column(*rows_, name))->type());
}

detail::RawColumn Batch::open_column(const detail::ColumnSpec& spec) const {
  const auto array = filled(rows_)->column(find_column(*rows_, spec.name));
  const detail::DType actual = dtype_of_arrow(*array->type());
  const bool is_text = spec.type == detail::DType::string && actual == detail::DType::binary;
  const bool is_null = spec.nullable && array->type_id() == arrow::Type::NA;
  if (actual != spec.type && !is_text && !is_null) throw_wrong_type(spec.name, *array->type(), detail::to_string(spec));
  return detail::open_columns(rows_, std::span(&spec, 1), "the batch").front().raw;
}

detail::RawTensor Batch::open_tensor(std::string_view name, detail::DType type) const {
  const auto array = filled(rows_)->column(find_column(*rows_, name));
  auto owner = std::make_shared<const Held>(Held{array, lease_});
  const std::int64_t rows = array->length();
  if (array->null_count() != 0) {
    throw_error(ErrorCode::schema_mismatch, "column '" + std::string(name) + "' has " +
                                                std::to_string(array->null_count()) +
                                                " nulls, and a tensor cannot; filter them out first");
  }
  const std::string asked = "tensor<" + std::string(detail::to_string(type)) + ">";
  if (dtype_of_arrow(*array->type()) == type) {
    const Shape shape{rows};
    const auto* first = array->data()->GetValues<std::uint8_t>(1, 0);
    return {owner, first + array->offset() * static_cast<std::int64_t>(detail::width(type)), shape,
            shape.row_major_strides(), type};
  }
  const auto tensor = as_tensor_type(*array->type());
  if (!tensor || dtype_of_arrow(*tensor->element) != type) throw_wrong_type(name, *array->type(), asked);
  Result<TensorMemory> opened = open_tensor_array(*array);
  if (!opened.ok()) opened.status().with_context("column '" + std::string(name) + "'").throw_if_error();
  const TensorMemory& memory = opened.value();
  if (tensor->row_shape) {
    const Shape shape = tensor->row_shape->of_rows(rows);
    return {owner, memory.values, shape, shape.row_major_strides(), type};
  }
  std::vector<std::int64_t> extents(memory.shapes, memory.shapes + (rows == 0 ? 0 : tensor->rank));
  extents.resize(tensor->rank);
  for (std::int64_t i = static_cast<std::int64_t>(tensor->rank); i < rows * static_cast<std::int64_t>(tensor->rank);
       ++i) {
    const std::size_t d = static_cast<std::size_t>(i) % tensor->rank;
    if (memory.shapes[i] == extents[d]) continue;
    throw_error(ErrorCode::schema_mismatch,
                "the tensors of column '" + std::string(name) + "' differ in shape from " +
                    "row to row, so they are no single tensor. Give the reader a size, " +
                    "e.g. read_images(..., {.size = {224, 224}}), or resize them in map().");
  }
  const Shape shape = Shape(extents).of_rows(rows);
  const std::int64_t first = rows == 0 ? 0 : memory.offsets[0] * static_cast<std::int64_t>(detail::width(type));
  return {owner, memory.values + first, shape, shape.row_major_strides(), type};
}

Batch Batch::slice(std::int64_t offset, std::int64_t length) const {
  if (offset < 0 || length < 0) {
    throw_error(ErrorCode::invalid_argument, "slice(" + std::to_string(offset) + ", " + std::to_string(length) +
                                                 ") of a batch: offset and length must not be negative");
  }
  return Batch(filled(rows_)->Slice(std::min(offset, num_rows()), length), lease_);
}

}  // namespace shoal::data::inline v1
