#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <shoal/data/dtype.h>

namespace shoal::data {

/// The pool that every column is allocated from, so that its bytes are counted; or the innermost ColumnPool's.
arrow::MemoryPool* column_pool();

/// As long as it lives, the calling thread's columns are allocated from another pool.
class ColumnPool {
 public:
  explicit ColumnPool(arrow::MemoryPool* pool);
  ~ColumnPool();
  ColumnPool(const ColumnPool&) = delete;
  ColumnPool& operator=(const ColumnPool&) = delete;

 private:
  arrow::MemoryPool* const before_;
};

/// Registers Arrow's kernels once; call before using any of arrow::compute.
void ensure_kernels();

/// `other` for types without a counterpart.
detail::DType dtype_of_arrow(const arrow::DataType& type);
/// The type of times in UTC or of durations; null for other than 1, 1000, 1000000 or 1000000000 ticks per second.
std::shared_ptr<arrow::DataType> time_type(bool is_timestamp, std::int64_t ticks_per_second);
/// Precondition: not `other`.
std::shared_ptr<arrow::DataType> arrow_type_of(detail::DType type);
/// A number type by its name ("float32"); null for other names.
std::shared_ptr<arrow::DataType> number_type_named(const std::string& name);

/// For people: "float32", "string", "tensor<uint8>{28, 28}", "tensor<uint8>{?, ?, ?}"; Arrow's own name for the rest.
std::string describe_type(const arrow::DataType& type);
/// "a: int64, image: tensor<uint8>{28, 28}"
std::string describe_columns(const arrow::Schema& schema);

}  // namespace shoal::data
