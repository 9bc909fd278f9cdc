#include "data/op/file_blocks.h"

#include <algorithm>

namespace shoal::data {
namespace {

constexpr std::int64_t k_first_block_rows = 16;
constexpr std::int64_t k_block_doublings = 4;  // up to 256 rows

std::int64_t ramp(std::int64_t block) { return k_first_block_rows << std::min(block, k_block_doublings); }

}  // namespace

FileBlocks::FileBlocks(std::int64_t total_rows, int parallelism, std::int64_t block_bytes)
    : total_rows_(total_rows), parallelism_(std::max(1, parallelism)), block_bytes_(block_bytes) {}

std::int64_t FileBlocks::rows_max() const {
  if (total_rows_ < 0) return ramp(block_);
  const std::int64_t share = total_rows_ / parallelism_;
  const std::int64_t rest = total_rows_ % parallelism_;
  if (share < k_first_block_rows) return std::max<std::int64_t>(1, share + (block_ < rest ? 1 : 0));
  return std::min(ramp(block_), share + (rest > 0 ? 1 : 0));
}

bool FileBlocks::is_full_for(std::int64_t bytes) const {
  return rows_ > 0 && (rows_ >= rows_max() || bytes_ + bytes > block_bytes_);
}

void FileBlocks::add(std::int64_t bytes) {
  ++rows_;
  bytes_ += bytes;
}

void FileBlocks::begin_next() {
  ++block_;
  rows_ = 0;
  bytes_ = 0;
}

}  // namespace shoal::data
