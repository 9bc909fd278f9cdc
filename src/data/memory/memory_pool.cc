#include "data/memory/memory_pool.h"

#include <arrow/memory_pool.h>
#include <arrow/status.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "data/memory/page_cache.h"

namespace shoal::data {
namespace {

/// Smaller buffers stay with Arrow's own allocator, whose per-thread caches are faster than ours would be.
constexpr std::int64_t k_large_bytes = 64 << 10;

class CountedPool final : public arrow::MemoryPool {
 public:
  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;

  arrow::Status Allocate(std::int64_t size, std::int64_t alignment, std::uint8_t** out) override {
    ARROW_RETURN_NOT_OK(allocate(size, alignment, out));
    stats_.DidAllocateBytes(size);
    return arrow::Status::OK();
  }

  arrow::Status Reallocate(std::int64_t old_size, std::int64_t new_size, std::int64_t alignment,
                           std::uint8_t** buffer) override {
    ARROW_RETURN_NOT_OK(reallocate(old_size, new_size, alignment, buffer));
    stats_.DidReallocateBytes(old_size, new_size);
    return arrow::Status::OK();
  }

  void Free(std::uint8_t* buffer, std::int64_t size, std::int64_t alignment) override {
    release(buffer, size, alignment);
    stats_.DidFreeBytes(size);
  }

  void ReleaseUnused() override { small_->ReleaseUnused(); }
  std::int64_t bytes_allocated() const override { return stats_.bytes_allocated(); }
  std::int64_t max_memory() const override { return stats_.max_memory(); }
  std::int64_t total_bytes_allocated() const override { return stats_.total_bytes_allocated(); }
  std::int64_t num_allocations() const override { return stats_.num_allocations(); }
  std::string backend_name() const override { return "shoal"; }

  PageCache& pages() { return pages_; }

 private:
  static bool is_large(std::int64_t size) { return size >= k_large_bytes; }

  arrow::Status allocate(std::int64_t size, std::int64_t alignment, std::uint8_t** out) {
    if (!is_large(size)) {
      ARROW_RETURN_NOT_OK(small_->Allocate(size, alignment, out));
      pages_.add_live_elsewhere(size);
      return arrow::Status::OK();
    }
    *out = pages_.take(size);
    return *out != nullptr ? arrow::Status::OK() : no_memory(size);
  }

  arrow::Status reallocate(std::int64_t old_size, std::int64_t new_size, std::int64_t alignment,
                           std::uint8_t** buffer) {
    if (!is_large(old_size) && !is_large(new_size)) {
      ARROW_RETURN_NOT_OK(small_->Reallocate(old_size, new_size, alignment, buffer));
      pages_.add_live_elsewhere(new_size - old_size);
      return arrow::Status::OK();
    }
    if (is_large(old_size) && is_large(new_size)) {
      std::uint8_t* moved = pages_.resize(*buffer, old_size, new_size);
      if (moved == nullptr) return no_memory(new_size);
      *buffer = moved;
      return arrow::Status::OK();
    }
    std::uint8_t* fresh = nullptr;
    ARROW_RETURN_NOT_OK(allocate(new_size, alignment, &fresh));
    std::memcpy(fresh, *buffer, static_cast<std::size_t>(std::min(old_size, new_size)));
    release(*buffer, old_size, alignment);
    *buffer = fresh;
    return arrow::Status::OK();
  }

  void release(std::uint8_t* buffer, std::int64_t size, std::int64_t alignment) {
    if (is_large(size)) {
      pages_.give(buffer, size);
    } else {
      small_->Free(buffer, size, alignment);
      pages_.add_live_elsewhere(-size);
    }
  }

  static arrow::Status no_memory(std::int64_t size) {
    return arrow::Status::OutOfMemory("the system has no ", size, " bytes of memory left");
  }

  arrow::MemoryPool* const small_ = arrow::default_memory_pool();
  PageCache pages_;
  arrow::internal::MemoryPoolStats stats_;
};

/// Never destroyed: buffers in static storage may be freed after any destructor of ours.
CountedPool& process_pool() {
  static auto* pool = new CountedPool();
  return *pool;
}

}  // namespace

arrow::MemoryPool* counted_memory_pool() { return &process_pool(); }
std::int64_t kept_pool_bytes() { return process_pool().pages().kept_bytes(); }

PoolBudget::PoolBudget(std::int64_t bytes) : bytes_(bytes) { process_pool().pages().add_limit(bytes_); }
PoolBudget::~PoolBudget() { process_pool().pages().add_limit(-bytes_); }

}  // namespace shoal::data
