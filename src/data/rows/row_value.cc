#include "data/rows/row_value.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include "data/rows/arrow_types.h"
#include "data/rows/tensor_column.h"

namespace shoal::data {

using detail::DType;
using detail::Opaque;
using detail::RawTensor;
using detail::Value;

namespace {

/// A value the size of a number, at `data`.
template <class T>
Value number_at(const arrow::Array& array, std::int64_t row) {
  return Value(array.data()->GetValues<T>(1)[row]);
}

Value tensor_at(const std::shared_ptr<arrow::Array>& array, std::int64_t row) {
  const std::shared_ptr<arrow::Array> one = array->Slice(row, 1);
  const TensorMemory memory = open_tensor_array(*one).value_or_throw();
  Shape shape = memory.type.row_shape.value_or(Shape());
  const std::uint8_t* data = memory.values;
  const DType type = dtype_of_arrow(*memory.type.element);
  if (!memory.type.row_shape) {
    shape = Shape(std::vector<std::int64_t>(memory.shapes, memory.shapes + memory.type.rank));
    data += memory.offsets[0] * static_cast<std::int64_t>(detail::width(type));
  }
  return Value(RawTensor{array, data, shape, shape.row_major_strides(), type});
}

}  // namespace

Value value_at(const std::shared_ptr<arrow::Array>& array, std::int64_t row) {
  if (array->IsNull(row)) return Value();
  if (array->type_id() != arrow::Type::FIXED_SIZE_LIST && as_tensor_type(*array->type())) return tensor_at(array, row);
  switch (dtype_of_arrow(*array->type())) {
    case DType::boolean: return Value(static_cast<const arrow::BooleanArray&>(*array).Value(row));
    case DType::int8: return number_at<std::int8_t>(*array, row);
    case DType::uint8: return number_at<std::uint8_t>(*array, row);
    case DType::int16: return number_at<std::int16_t>(*array, row);
    case DType::uint16: return number_at<std::uint16_t>(*array, row);
    case DType::int32: return number_at<std::int32_t>(*array, row);
    case DType::uint32: return number_at<std::uint32_t>(*array, row);
    case DType::int64: return number_at<std::int64_t>(*array, row);
    case DType::uint64: return number_at<std::uint64_t>(*array, row);
    case DType::float32: return number_at<float>(*array, row);
    case DType::float64: return number_at<double>(*array, row);
    case DType::string: return Value(static_cast<const arrow::StringArray&>(*array).GetString(row));
    case DType::binary: {
      const std::string_view bytes = static_cast<const arrow::BinaryArray&>(*array).GetView(row);
      return Value(Bytes(array, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    }
    case DType::other: break;
  }
  return Value(Opaque{array->Slice(row, 1)});
}

}  // namespace shoal::data
