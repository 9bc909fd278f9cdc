#include "data/rows/arrow_types.h"

#include <arrow/compute/initialize.h>
#include <arrow/type.h>

#include <mutex>
#include <utility>

#include "base/status.h"
#include "data/memory/memory_pool.h"
#include "data/io/arrow_status.h"
#include "data/rows/tensor_column.h"

namespace shoal::data {

using detail::DType;

namespace {

struct TypePair {
  DType type;
  arrow::Type::type id;
  const std::shared_ptr<arrow::DataType>& (*make)();
};
constexpr TypePair k_types[] = {
    {DType::boolean, arrow::Type::BOOL, &arrow::boolean},   {DType::int8, arrow::Type::INT8, &arrow::int8},
    {DType::uint8, arrow::Type::UINT8, &arrow::uint8},      {DType::int16, arrow::Type::INT16, &arrow::int16},
    {DType::uint16, arrow::Type::UINT16, &arrow::uint16},   {DType::int32, arrow::Type::INT32, &arrow::int32},
    {DType::uint32, arrow::Type::UINT32, &arrow::uint32},   {DType::int64, arrow::Type::INT64, &arrow::int64},
    {DType::uint64, arrow::Type::UINT64, &arrow::uint64},   {DType::float32, arrow::Type::FLOAT, &arrow::float32},
    {DType::float64, arrow::Type::DOUBLE, &arrow::float64}, {DType::string, arrow::Type::STRING, &arrow::utf8},
    {DType::binary, arrow::Type::BINARY, &arrow::binary},
};

thread_local arrow::MemoryPool* t_pool = nullptr;

}  // namespace

arrow::MemoryPool* column_pool() { return t_pool != nullptr ? t_pool : counted_memory_pool(); }

ColumnPool::ColumnPool(arrow::MemoryPool* pool) : before_(std::exchange(t_pool, pool)) {}
ColumnPool::~ColumnPool() { t_pool = before_; }

void ensure_kernels() {
  static std::once_flag once;
  std::call_once(once, [] { from_arrow(arrow::compute::Initialize()).throw_if_error(); });
}

DType dtype_of_arrow(const arrow::DataType& type) {
  for (const TypePair& pair : k_types) {
    if (pair.id == type.id()) return pair.type;
  }
  return DType::other;
}

std::shared_ptr<arrow::DataType> arrow_type_of(DType type) {
  for (const TypePair& pair : k_types) {
    if (pair.type == type) return pair.make();
  }
  return nullptr;
}

std::shared_ptr<arrow::DataType> time_type(bool is_timestamp, std::int64_t ticks_per_second) {
  std::int64_t ticks = 1;
  for (const auto unit : arrow::TimeUnit::values()) {  // from seconds to nanoseconds
    if (ticks == ticks_per_second) return is_timestamp ? arrow::timestamp(unit, "UTC") : arrow::duration(unit);
    ticks *= 1000;
  }
  return nullptr;
}

std::shared_ptr<arrow::DataType> number_type_named(const std::string& name) {
  for (const TypePair& pair : k_types) {
    if (detail::width(pair.type) != 0 && pair.type != DType::boolean && name == detail::to_string(pair.type)) {
      return pair.make();
    }
  }
  return nullptr;
}

std::string describe_type(const arrow::DataType& type) {
  if (type.id() != arrow::Type::FIXED_SIZE_LIST) {
    if (const auto tensor = as_tensor_type(type)) {
      std::string extents;
      for (std::size_t i = 0; i < tensor->rank; ++i) extents += i == 0 ? "?" : ", ?";
      return "tensor<" + describe_type(*tensor->element) + ">" +
             (tensor->row_shape ? tensor->row_shape->to_string() : "{" + extents + "}");
    }
  }
  const DType known = dtype_of_arrow(type);
  return known == DType::other ? type.ToString() : std::string(detail::to_string(known));
}

std::string describe_columns(const arrow::Schema& schema) {
  std::string text;
  for (const auto& field : schema.fields()) {
    if (!text.empty()) text += ", ";
    text += field->name() + ": " + describe_type(*field->type());
  }
  return text;
}

}  // namespace shoal::data

namespace shoal::data::inline v1::detail {

std::string_view to_string(DType type) {
  static constexpr std::string_view k_names[] = {"bool",  "int8",   "uint8",   "int16",   "uint16", "int32",  "uint32",
                                                 "int64", "uint64", "float32", "float64", "string", "binary", "other"};
  return k_names[static_cast<std::size_t>(type)];
}

std::size_t width(DType type) {
  static constexpr std::uint8_t k_widths[] = {1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 0, 0, 0};
  return k_widths[static_cast<std::size_t>(type)];
}

}  // namespace shoal::data::inline v1::detail
