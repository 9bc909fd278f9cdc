#include "data/op/file_blocks.h"

#include <algorithm>

namespace shoal::data {
namespace {

constexpr std::int64_t k_first_block_rows = 16;
constexpr std::int64_t k_last_block_rows = 256;
constexpr std::int64_t k_doublings_max = 8;  // from 1 to 256

}  // namespace

FileBlocks::FileBlocks(std::int64_t total_rows, int parallelism, std::int64_t block_bytes, bool few_wanted)
    : total_rows_(total_rows),
      parallelism_(std::max(1, parallelism)),
      block_bytes_(block_bytes),
      few_wanted_(few_wanted) {}

std::int64_t FileBlocks::ramp() const {
  const std::int64_t first = few_wanted_ ? 1 : k_first_block_rows;
  return std::min(k_last_block_rows, first << std::min(block_, k_doublings_max));
}

std::int64_t FileBlocks::rows_max() const {
  if (total_rows_ < 0) return ramp();
  const std::int64_t share = total_rows_ / parallelism_;
  const std::int64_t rest = total_rows_ % parallelism_;
  if (share < k_first_block_rows) return std::clamp<std::int64_t>(share + (block_ < rest ? 1 : 0), 1, ramp());
  return std::min(ramp(), share + (rest > 0 ? 1 : 0));
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
