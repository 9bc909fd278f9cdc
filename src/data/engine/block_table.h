#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>

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
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, Rows> blocks_;   // never walked through: its order means nothing
  std::uint64_t next_id_ = 1;
};

}  // namespace shoal::data
