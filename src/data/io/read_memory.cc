#include "data/io/read_memory.h"

#include <arrow/memory_pool.h>
#include <arrow/status.h>

#include <new>

#include "data/memory/memory_pool.h"

namespace shoal::data {
namespace {

constexpr std::size_t k_small_bytes = 64 << 10;  // Below, malloc serves from memory that it keeps, with one call.

}  // namespace

std::shared_ptr<std::uint8_t[]> allocate_read_memory(std::size_t bytes) {
  if (bytes < k_small_bytes) return std::make_shared_for_overwrite<std::uint8_t[]>(bytes);
  arrow::MemoryPool* pool = counted_memory_pool();
  const auto size = static_cast<std::int64_t>(bytes);
  std::uint8_t* data = nullptr;
  if (!pool->Allocate(size, &data).ok()) throw std::bad_alloc();
  return {data, [pool, size](std::uint8_t* memory) { pool->Free(memory, size); }};
}

}  // namespace shoal::data
