#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "data/exec/run.h"
#include "data/plan/node.h"

namespace arrow {
class MemoryPool;
}

namespace shoal::data {

/// A local shuffle: holds `capacity` rows; each row that comes takes the place of a random one, which goes out. The
/// order depends on the seed and the rows' order alone, not on where blocks are cut. Rows are copied once, when they
/// go out; a block of which only a few rows are still waiting is copied down to these. One thread.
class ShuffleBuffer {
 public:
  /// Gives batches of `batch_rows`, the last one of what is left.
  ShuffleBuffer(std::int64_t capacity, std::uint64_t seed, std::int64_t batch_rows, arrow::MemoryPool* pool);

  /// Precondition: at least one row, and finish() was not called. Errors: schema_mismatch with the blocks before.
  Status push(Run::Delivered block);
  /// No more blocks come: what is held goes out in random order.
  void finish();
  /// The next batch; null rows where more blocks are needed, or at the end.
  Result<Run::Delivered> pop();

 private:
  struct Place {
    std::uint64_t block;
    std::int64_t row;
  };
  struct Held {
    Run::Delivered block;
    std::int64_t waiting;  // rows that did not go out yet
  };

  std::uint64_t below(std::uint64_t bound);
  Result<Rows> gather(const std::vector<Place>& places);
  Status compact(std::uint64_t block);
  Status compact_sparse_blocks();

  const std::size_t capacity_;
  const std::int64_t batch_rows_;
  arrow::MemoryPool* const pool_;
  std::mt19937_64 random_;
  std::map<std::uint64_t, Held> blocks_;
  std::uint64_t next_block_ = 0;
  std::vector<Place> buffer_;
  std::vector<Place> leaving_;  // in the order in which they go out
  std::size_t left_ = 0;        // how many of leaving_ went out
  SchemaPtr schema_;
  bool finished_ = false;
};

}  // namespace shoal::data
