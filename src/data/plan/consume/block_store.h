#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/op/stream.h"
#include "data/plan/node.h"

namespace shoal::data {

class SpillFile;

/// The blocks of a materialised dataset, in order: the first ones in memory, up to a limit, the rest in a file that has
/// no name and is gone with the process. Appended by one thread, then read by many.
class BlockStore {
 public:
  /// Holds up to `memory_bytes` in memory. The file is made when the first block does not fit, in `spill_dir`.
  BlockStore(std::int64_t memory_bytes, std::string spill_dir);
  ~BlockStore();
  BlockStore(const BlockStore&) = delete;
  BlockStore& operator=(const BlockStore&) = delete;

  /// Errors: no_space with the folder and the bytes it needs; schema_mismatch with the blocks before.
  Status append(const Rows& block);

  std::int64_t block_count() const { return static_cast<std::int64_t>(blocks_.size()); }
  std::int64_t row_count() const { return blocks_.empty() ? 0 : blocks_.back().end_row; }
  std::int64_t held_bytes() const { return held_bytes_; }
  std::int64_t spilled_bytes() const;
  /// Null while there is no block.
  const SchemaPtr& schema() const { return schema_; }

  /// Number of the first row after block i.
  std::int64_t end_row(std::int64_t i) const { return blocks_[static_cast<std::size_t>(i)].end_row; }
  /// Block i. Bytes from the file are fully checked. Errors: io, corrupt_data. Any thread.
  Result<Rows> read(std::int64_t i, arrow::MemoryPool* pool) const;

 private:
  struct Block {
    std::int64_t end_row = 0;
    Rows rows;                ///< Null where it is in the file.
    std::int64_t offset = 0;  ///< In the file.
    std::int64_t length = 0;
  };

  const std::int64_t memory_bytes_;
  const std::string spill_dir_;
  std::vector<Block> blocks_;
  std::int64_t held_bytes_ = 0;
  SchemaPtr schema_;
  std::unique_ptr<SpillFile> spill_;
};

}  // namespace shoal::data
