#pragma once

#include <cstdint>

namespace shoal::data {

/// Rows of a listing after which it is too long for the number of workers to matter to its cut; also the objects in
/// one page of S3, so that no listing waits for a second page before its first block.
inline constexpr std::int64_t k_short_listing_rows = 1000;

/// Where a listing is cut into blocks. Long listings start with small blocks, so that the first rows come soon, and
/// grow to blocks large enough that a block's own cost vanishes: 16, 32, 64, 128, 256, 256, ... rows. Short ones are
/// cut so that each of `parallelism` workers gets its share. Where few rows are wanted, the first blocks have 1, 2, 4, 8
/// rows: each is a file to read. Pure: the same listing gives the same blocks.
class FileBlocks {
 public:
  /// `total_rows` is the whole listing's where it is short, else -1.
  FileBlocks(std::int64_t total_rows, int parallelism, std::int64_t block_bytes, bool few_wanted = false);

  /// Whether an object of `bytes` belongs into the next block. A block has at least one object.
  bool is_full_for(std::int64_t bytes) const;
  void add(std::int64_t bytes);
  void begin_next();

 private:
  std::int64_t rows_max() const;  // of the current block
  std::int64_t ramp() const;

  const std::int64_t total_rows_;
  const std::int64_t parallelism_;
  const std::int64_t block_bytes_;
  const bool few_wanted_;
  std::int64_t block_ = 0;  // number of the current one
  std::int64_t rows_ = 0;   // in the current block
  std::int64_t bytes_ = 0;
};

}  // namespace shoal::data
