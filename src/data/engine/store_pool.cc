#include "data/engine/store_pool.h"

#include <arrow/memory_pool.h>
#include <arrow/status.h>
#include <shoal/api/arguments.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/thread_safety.h"
#include "data/memory/memory_pool.h"

namespace shoal::data {
namespace {

/// What is smaller is copied in less time than it takes to ask the store for memory.
constexpr std::int64_t k_in_store_bytes = std::int64_t{1} << 20;

class StorePool final : public arrow::MemoryPool {
 public:
  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;

  arrow::Status Allocate(std::int64_t size, std::int64_t alignment, std::uint8_t** out) override {
    if (size >= k_in_store_bytes && alignment <= std::int64_t{Payload::k_alignment}) {
      *out = take(size);
      if (*out != nullptr) return arrow::Status::OK();
    }
    return counted_->Allocate(size, alignment, out);
  }

  /// A buffer that grows may do so again, and would leave its memory in the store behind each time.
  arrow::Status Reallocate(std::int64_t old_size, std::int64_t new_size, std::int64_t alignment,
                           std::uint8_t** buffer) override {
    if (old_size == 0) {
      std::uint8_t* const empty = *buffer;
      ARROW_RETURN_NOT_OK(Allocate(new_size, alignment, buffer));
      counted_->Free(empty, 0, alignment);
      return arrow::Status::OK();
    }
    if (!has(*buffer)) return counted_->Reallocate(old_size, new_size, alignment, buffer);
    if (new_size <= old_size) return arrow::Status::OK();
    std::uint8_t* grown = nullptr;
    ARROW_RETURN_NOT_OK(counted_->Allocate(new_size, alignment, &grown));
    std::memcpy(grown, *buffer, static_cast<std::size_t>(old_size));
    Free(std::exchange(*buffer, grown), old_size, alignment);
    return arrow::Status::OK();
  }

  void Free(std::uint8_t* buffer, std::int64_t size, std::int64_t alignment) override {
    std::shared_ptr<void> holder;  // let go of under no lock
    {
      const Lock lock(mutex_);
      const auto found = holders_.find(buffer);
      if (found != holders_.end()) {
        holder = std::move(found->second);
        holders_.erase(found);
      }
    }
    if (holder == nullptr) counted_->Free(buffer, size, alignment);
  }

  std::int64_t bytes_allocated() const override { return counted_->bytes_allocated(); }
  std::int64_t max_memory() const override { return counted_->max_memory(); }
  std::int64_t total_bytes_allocated() const override { return counted_->total_bytes_allocated(); }
  std::int64_t num_allocations() const override { return counted_->num_allocations(); }
  std::string backend_name() const override { return "shoal-store"; }

  bool has(const std::uint8_t* first) const {
    const Lock lock(mutex_);
    return holders_.contains(first);
  }

 private:
  std::uint8_t* take(std::int64_t size) {
    LargeMemory* const store = detail::large_memory();
    if (store == nullptr) return nullptr;
    LargeMemory::Room room;
    try {
      room = store->try_allocate(static_cast<std::size_t>(size));
    } catch (const std::exception&) {}  // whoever sends the block is told
    if (room.holder == nullptr) return nullptr;
    const Lock lock(mutex_);
    holders_[room.bytes.data()] = std::move(room.holder);
    return room.bytes.data();
  }

  arrow::MemoryPool* const counted_ = counted_memory_pool();
  mutable Mutex mutex_;
  std::map<const std::uint8_t*, std::shared_ptr<void>> holders_ GUARDED_BY(mutex_);  // by first byte
};

/// Never destroyed: buffers in static storage may be freed after any destructor of ours.
StorePool& the_pool() {
  static auto* pool = new StorePool();
  return *pool;
}

}  // namespace

arrow::MemoryPool* store_memory_pool() { return &the_pool(); }
bool lies_in_store(const std::uint8_t* first) { return the_pool().has(first); }

}  // namespace shoal::data
