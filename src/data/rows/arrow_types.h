#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>

#include <shoal/data/dtype.h>

namespace shoal::data {

/// The pool that every column is allocated from, so that its bytes are counted.
arrow::MemoryPool* column_pool();
/// Registers Arrow's kernels once; call before using any of arrow::compute.
void ensure_kernels();

/// `other` for types without a counterpart.
detail::DType dtype_of_arrow(const arrow::DataType& type);
/// Precondition: not `other`.
std::shared_ptr<arrow::DataType> arrow_type_of(detail::DType type);
/// A number type by its name ("float32"); null for other names.
std::shared_ptr<arrow::DataType> number_type_named(const std::string& name);

/// For people: "float32", "string", "tensor<uint8>{28, 28}", "tensor<uint8>{?, ?, ?}"; Arrow's own name for the rest.
std::string describe_type(const arrow::DataType& type);
/// "a: int64, image: tensor<uint8>{28, 28}"
std::string describe_columns(const arrow::Schema& schema);

}  // namespace shoal::data
