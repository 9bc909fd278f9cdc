#include "data/rows/tensor_column.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/extension/fixed_shape_tensor.h>
#include <arrow/type.h>
#include <arrow/util/bitmap_ops.h>

#include <limits>

#include "data/rows/arrow_types.h"

namespace shoal::data {

using arrow::extension::FixedShapeTensorType;

std::shared_ptr<arrow::DataType> fixed_tensor_type(const std::shared_ptr<arrow::DataType>& element,
                                                   const Shape& shape) {
  const std::int64_t elements = shape.elements();
  if (elements > std::numeric_limits<std::int32_t>::max()) {
    throw_error(ErrorCode::invalid_argument, "a row's tensor of shape " + shape.to_string() + " has " +
                                                 std::to_string(elements) + " elements, and a column holds at most " +
                                                 "2147483647 a row; split it into several rows");
  }
  return std::make_shared<FixedShapeTensorType>(element, static_cast<std::int32_t>(elements),
                                                std::vector<std::int64_t>(shape.begin(), shape.end()));
}

std::shared_ptr<arrow::DataType> varying_tensor_type(const std::shared_ptr<arrow::DataType>& element,
                                                     std::size_t rank) {
  return arrow::struct_({arrow::field("data", arrow::list(element)),
                         arrow::field("shape", arrow::fixed_size_list(arrow::int32(), static_cast<int>(rank)))});
}

std::shared_ptr<arrow::Array> fixed_tensor_array(const std::shared_ptr<arrow::DataType>& element, const Shape& shape,
                                                 std::int64_t rows, std::shared_ptr<arrow::Buffer> values) {
  const auto type = fixed_tensor_type(element, shape);
  const auto elements = arrow::ArrayData::Make(element, rows * shape.elements(), {nullptr, std::move(values)}, 0);
  return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {nullptr}, {elements}, 0));
}

std::shared_ptr<arrow::Array> varying_tensor_array(const std::shared_ptr<arrow::DataType>& element, std::size_t rank,
                                                   std::int64_t rows, std::shared_ptr<arrow::Buffer> offsets,
                                                   std::shared_ptr<arrow::Buffer> values,
                                                   std::shared_ptr<arrow::Buffer> shapes) {
  const auto type = varying_tensor_type(element, rank);
  const auto width = static_cast<std::int64_t>(detail::width(dtype_of_arrow(*element)));
  const std::int64_t elements = values->size() / width;
  auto items = arrow::ArrayData::Make(element, elements, {nullptr, std::move(values)}, 0);
  auto data = arrow::ArrayData::Make(type->field(0)->type(), rows, {nullptr, std::move(offsets)}, {items}, 0);
  auto extents = arrow::ArrayData::Make(arrow::int32(), rows * static_cast<std::int64_t>(rank),
                                        {nullptr, std::move(shapes)}, 0);
  auto shape = arrow::ArrayData::Make(type->field(1)->type(), rows, {nullptr}, {extents}, 0);
  return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {nullptr}, {data, shape}, 0));
}

namespace {

bool is_element(const arrow::DataType& type) {
  const detail::DType known = dtype_of_arrow(type);
  return detail::width(known) != 0 && known != detail::DType::boolean;
}

std::optional<TensorType> as_varying(const arrow::DataType& type) {
  if (type.num_fields() != 2 || type.field(0)->name() != "data" || type.field(1)->name() != "shape") return {};
  const auto& data = type.field(0)->type();
  const auto& shape = type.field(1)->type();
  if (data->id() != arrow::Type::LIST || !is_element(*data->field(0)->type())) return {};
  if (shape->id() != arrow::Type::FIXED_SIZE_LIST || shape->field(0)->type()->id() != arrow::Type::INT32) return {};
  const auto rank = static_cast<std::size_t>(static_cast<const arrow::FixedSizeListType&>(*shape).list_size());
  if (rank > Shape::k_rank_max) return {};
  return TensorType{data->field(0)->type(), std::nullopt, rank};
}

/// Bytes from outside may say anything, so that shapes and elements are compared once, when a column is opened.
Status check_varying(const arrow::Array& array, const TensorMemory& memory, std::int64_t elements) {
  const auto rank = static_cast<std::int64_t>(memory.type.rank);
  for (std::int64_t row = 0; row < array.length(); ++row) {
    if (array.IsNull(row)) continue;
    std::int64_t product = 1;
    for (std::int64_t d = 0; d < rank; ++d) {
      const std::int64_t extent = memory.shapes[row * rank + d];
      product = extent < 0 || product > elements ? -1 : product * extent;
      if (product < 0) break;
    }
    const std::int64_t first = memory.offsets[row];
    const std::int64_t last = memory.offsets[row + 1];
    if (first < 0 || last > elements || last - first != product) {
      return Status(ErrorCode::corrupt_data, "the tensor column is damaged: row " + std::to_string(row) + " has " +
                                                 std::to_string(last - first) +
                                                 " elements, which is not what its shape says; write it again");
    }
  }
  return {};
}

Status check_fixed(const arrow::Array& array, const Shape& shape) {
  if (const auto* fixed = dynamic_cast<const FixedShapeTensorType*>(array.type().get())) {
    const std::vector<std::int64_t>& order = fixed->permutation();
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (order[i] == static_cast<std::int64_t>(i)) continue;
      return Status(ErrorCode::unsupported,
                    "the tensor column is stored in a permuted order of dimensions, which is "
                    "not supported yet; write it with the dimensions in order");
    }
    const auto& storage = static_cast<const arrow::FixedSizeListType&>(*fixed->storage_type());
    if (storage.list_size() != shape.elements()) {
      return Status(ErrorCode::corrupt_data, "the tensor column is damaged: its shape " + shape.to_string() +
                                                 " does not have " + std::to_string(storage.list_size()) +
                                                 " elements; write it again");
    }
  }
  return {};
}

/// What stands in the elements of a null row means nothing; Arrow's builders make them null too.
Status check_no_null_elements(const arrow::Array& array, const TensorMemory& memory, const arrow::ArrayData& elements) {
  if (elements.GetNullCount() == 0) return {};
  const std::int64_t row_elements = memory.type.row_shape ? memory.type.row_shape->elements() : 0;
  for (std::int64_t row = 0; row < array.length(); ++row) {
    if (array.IsNull(row)) continue;
    const std::int64_t first = memory.offsets != nullptr ? memory.offsets[row] : (array.offset() + row) * row_elements;
    const std::int64_t count = memory.offsets != nullptr ? memory.offsets[row + 1] - first : row_elements;
    if (arrow::internal::CountSetBits(elements.buffers[0]->data(), elements.offset + first, count) == count) continue;
    return Status(ErrorCode::schema_mismatch, "the tensor in row " + std::to_string(row) +
                                                  " has null elements, and a " + "tensor cannot; fill them first");
  }
  return {};
}

}  // namespace

std::optional<TensorType> as_tensor_type(const arrow::DataType& type) {
  if (type.id() == arrow::Type::EXTENSION) {
    const auto* fixed = dynamic_cast<const FixedShapeTensorType*>(&type);
    if (fixed == nullptr || !is_element(*fixed->value_type()) || fixed->ndim() > Shape::k_rank_max) return {};
    return TensorType{fixed->value_type(), Shape(fixed->shape()), fixed->ndim()};
  }
  if (type.id() == arrow::Type::FIXED_SIZE_LIST && is_element(*type.field(0)->type())) {
    const auto length = static_cast<const arrow::FixedSizeListType&>(type).list_size();
    return TensorType{type.field(0)->type(), Shape{length}, 1};
  }
  if (type.id() == arrow::Type::STRUCT) return as_varying(type);
  return {};
}

Result<TensorMemory> open_tensor_array(const arrow::Array& array) {
  const std::optional<TensorType> type = as_tensor_type(*array.type());
  if (!type) return Status(ErrorCode::schema_mismatch, "the column is no tensor but " + describe_type(*array.type()));
  const auto width = static_cast<std::int64_t>(detail::width(dtype_of_arrow(*type->element)));
  const arrow::ArrayData& data = *array.data();
  TensorMemory memory{*type, nullptr, nullptr, nullptr};
  if (type->row_shape) {
    SHOAL_RETURN_IF_ERROR(check_fixed(array, *type->row_shape));
    const arrow::ArrayData& elements = *data.child_data[0];
    SHOAL_RETURN_IF_ERROR(check_no_null_elements(array, memory, elements));
    const std::int64_t first = data.offset * type->row_shape->elements() + elements.offset;
    memory.values = elements.buffers[1] ? elements.buffers[1]->data() + first * width : nullptr;
    return memory;
  }
  const arrow::ArrayData& list = *data.child_data[0];
  const arrow::ArrayData& elements = *list.child_data[0];
  const arrow::ArrayData& shape = *data.child_data[1];
  const arrow::ArrayData& extents = *shape.child_data[0];
  memory.offsets = list.GetValues<std::int32_t>(1, list.offset + data.offset);
  memory.values = elements.buffers[1] ? elements.buffers[1]->data() + elements.offset * width : nullptr;
  memory.shapes = extents.GetValues<std::int32_t>(
      1, (data.offset + shape.offset) * static_cast<std::int64_t>(type->rank) + extents.offset);
  SHOAL_RETURN_IF_ERROR(check_varying(array, memory, elements.length));
  SHOAL_RETURN_IF_ERROR(check_no_null_elements(array, memory, elements));
  return memory;
}

}  // namespace shoal::data
