#pragma once

#include <cstdint>

namespace shoal::data {

/// Where a listing is cut into blocks. It starts with small ones, so that the first rows come soon, and they grow with
/// what was handed out, to a size at which a block's own cost vanishes: none is larger than a worker's share of what was
/// cut before it, so that all have work to the end, and nobody needs to know how long the listing is. Listings of less
/// than 16 objects for each of `parallelism` workers are cut into equal shares. Where few rows are wanted, the first
/// blocks have 1, 2, 4, 8 rows: each is a file to read. Pure: the same listing gives the same blocks, whatever its pages.
class FileBlocks {
 public:
  FileBlocks(int parallelism, std::int64_t block_bytes, bool few_wanted = false);

  /// `rows` are listed so far, and no more will be if `is_all`.
  void set_listed(std::int64_t rows, bool is_all);
  /// Whether enough is listed to say how large the current block may become.
  bool knows_size() const;
  /// Whether an object of `bytes` belongs into the next block. A block has at least one object.
  bool is_full_for(std::int64_t bytes) const;
  void add(std::int64_t bytes);
  void begin_next();

 private:
  std::int64_t rows_max() const;  // of the current block
  std::int64_t ramp() const;

  const std::int64_t parallelism_;
  const std::int64_t block_bytes_;
  const bool few_wanted_;
  std::int64_t listed_ = 0;
  std::int64_t total_rows_ = -1;  // of a short listing, when all of it is known
  std::int64_t cut_ = 0;          // rows of the blocks before the current one
  std::int64_t block_ = 0;        // number of the current one
  std::int64_t rows_ = 0;         // in the current block
  std::int64_t bytes_ = 0;
};

}  // namespace shoal::data
