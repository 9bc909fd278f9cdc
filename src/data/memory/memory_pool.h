#pragma once

#include <cstdint>
#include <memory>

namespace arrow {
class MemoryPool;
}

namespace shoal::data {

/// The process's counted Arrow pool: every Arrow allocation of Shoal's goes through it, so that its bytes and their
/// peak are exact. Pages of large buffers that were freed are kept for the next one, since a first touch costs seven
/// times a copy, but only while live and kept bytes together stay within the budgets of the runs that exist; without a
/// run nothing is kept. Thread-safe. Lives until the process ends.
arrow::MemoryPool* counted_memory_pool();

/// Bytes of freed buffers that are kept at this moment.
std::int64_t kept_pool_bytes();

/// Lets the process's pool keep pages up to the budget of one run, as long as it lives.
class PoolBudget {
 public:
  explicit PoolBudget(std::int64_t bytes);
  ~PoolBudget();
  PoolBudget(const PoolBudget&) = delete;
  PoolBudget& operator=(const PoolBudget&) = delete;

 private:
  const std::int64_t bytes_;
};

}  // namespace shoal::data
