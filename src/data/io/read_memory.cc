#include "data/io/read_memory.h"

#include <arrow/buffer.h>
#include <arrow/result.h>

#include <new>
#include <utility>

namespace shoal::data {
namespace {

constexpr std::size_t k_small_bytes = 64 << 10;  // Below, malloc serves from memory that it keeps, with one call.

}  // namespace

std::shared_ptr<std::uint8_t[]> allocate_read_memory(std::size_t bytes) {
  if (bytes < k_small_bytes) return std::make_shared_for_overwrite<std::uint8_t[]>(bytes);
  arrow::Result<std::unique_ptr<arrow::Buffer>> buffer = arrow::AllocateBuffer(static_cast<std::int64_t>(bytes));
  if (!buffer.ok()) throw std::bad_alloc();
  std::uint8_t* data = (*buffer)->mutable_data();
  return {std::shared_ptr<arrow::Buffer>(std::move(*buffer)), data};
}

}  // namespace shoal::data
