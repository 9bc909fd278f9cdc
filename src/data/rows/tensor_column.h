#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <shoal/data/tensor.h>

#include "base/status.h"

namespace shoal::data {

/// The two forms of a tensor column. Rows of one shape: Arrow's canonical `arrow.fixed_shape_tensor`. Rows that
/// differ: `struct<data: list<T>, shape: fixed_size_list<int32>[rank]>`, which any reader of Arrow understands.

/// Precondition: the shape's elements fit 32 bits.
std::shared_ptr<arrow::DataType> fixed_tensor_type(const std::shared_ptr<arrow::DataType>& element, const Shape& shape);
std::shared_ptr<arrow::DataType> varying_tensor_type(const std::shared_ptr<arrow::DataType>& element, std::size_t rank);

/// A column over `values`: rows x shape.elements() elements, row by row.
std::shared_ptr<arrow::Array> fixed_tensor_array(const std::shared_ptr<arrow::DataType>& element, const Shape& shape,
                                                 std::int64_t rows, std::shared_ptr<arrow::Buffer> values);
/// A column over `values`; `offsets` are rows + 1 int32 in elements, `shapes` rows x rank int32.
std::shared_ptr<arrow::Array> varying_tensor_array(const std::shared_ptr<arrow::DataType>& element, std::size_t rank,
                                                   std::int64_t rows, std::shared_ptr<arrow::Buffer> offsets,
                                                   std::shared_ptr<arrow::Buffer> values,
                                                   std::shared_ptr<arrow::Buffer> shapes);

/// What a type says of a tensor column.
struct TensorType {
  std::shared_ptr<arrow::DataType> element;
  std::optional<Shape> row_shape;  ///< Not set where rows differ.
  std::size_t rank = 0;            ///< Of one row.
};
/// Not set for columns that are no tensors. Fixed-size lists of numbers are tensors of rank 1.
std::optional<TensorType> as_tensor_type(const arrow::DataType& type);

/// Where the elements of a tensor column lie.
struct TensorMemory {
  TensorType type;
  const std::uint8_t* values = nullptr;   ///< The first row's first element; for varying rows element 0 of `offsets`.
  const std::int32_t* offsets = nullptr;  ///< Varying rows: rows + 1, in elements.
  const std::int32_t* shapes = nullptr;   ///< Varying rows: rows x rank.
};
/// Errors: unsupported for a permuted storage order.
Result<TensorMemory> open_tensor_array(const arrow::Array& array);

}  // namespace shoal::data
