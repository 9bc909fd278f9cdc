#pragma once

#include <cstdint>
#include <unordered_map>

#include "base/thread_safety.h"
#include "data/engine/engine.h"

namespace shoal::data {

/// The blocks that an engine holds on the heap. Thread-safe.
class BlockTable {
 public:
  BlockInfo put(Rows rows);
  /// Error: internal, if there is no such block (any more).
  Result<Rows> get(BlockId block) const;
  Result<Rows> get(const BlockSlice& slice) const;
  void drop(BlockId block);
  void clear();
  std::size_t size() const;

 private:
  mutable Mutex mutex_;
  std::unordered_map<std::uint64_t, Rows> blocks_ GUARDED_BY(mutex_);  // never walked through: its order means nothing
  std::uint64_t next_id_ GUARDED_BY(mutex_) = 1;
};

}  // namespace shoal::data
