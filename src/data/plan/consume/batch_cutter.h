#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "data/exec/run.h"
#include "data/plan/node.h"

namespace arrow {
class MemoryPool;
}

namespace shoal::data {

/// Cuts a sequence of blocks into batches of exactly `batch_rows` rows. A batch inside one block is a slice of it; one
/// that spans blocks is copied once. Each batch carries the leases of the blocks it was cut from. One thread.
class BatchCutter {
 public:
  /// `drop_last` leaves out a last batch that is not full.
  BatchCutter(std::int64_t batch_rows, bool drop_last, arrow::MemoryPool* pool);

  /// Precondition: at least one row, and finish() was not called. Errors: schema_mismatch with the blocks before.
  Status push(Run::Delivered block);
  /// No more blocks come.
  void finish() { finished_ = true; }
  /// The next batch; null rows where more blocks are needed, or at the end.
  Result<Run::Delivered> pop();

 private:
  Result<Run::Delivered> cut(std::int64_t rows);

  const std::int64_t batch_rows_;
  const bool drop_last_;
  arrow::MemoryPool* const pool_;
  std::deque<Run::Delivered> blocks_;  // the first one without what was cut from it
  std::int64_t rows_ = 0;              // in blocks_
  SchemaPtr schema_;                   // that all blocks agreed on; null before the first
  bool finished_ = false;
};

}  // namespace shoal::data
