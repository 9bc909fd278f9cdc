#include "data/op/file_blocks.h"

#include <algorithm>

namespace shoal::data {
namespace {

constexpr std::int64_t k_first_block_rows = 16;
constexpr std::int64_t k_last_block_rows = 256;
constexpr std::int64_t k_doublings_max = 8;  // from 1 to 256
/// Rows of a listing after which it is too long for the number of workers to matter to its cut.
constexpr std::int64_t k_short_listing_rows = 1000;

}  // namespace

FileBlocks::FileBlocks(int parallelism, std::int64_t block_bytes, bool few_wanted)
    : parallelism_(std::max(1, parallelism)), block_bytes_(block_bytes), few_wanted_(few_wanted) {}

void FileBlocks::set_listed(std::int64_t rows, bool is_all) {
  if (is_all && rows < k_short_listing_rows) total_rows_ = rows;
  listed_ = rows;
}

bool FileBlocks::knows_size() const {
  return total_rows_ >= 0 || listed_ >= std::min(k_short_listing_rows, k_first_block_rows * parallelism_);
}

std::int64_t FileBlocks::rows_max() const {
  const std::int64_t first = few_wanted_ ? 1 : k_first_block_rows;
  const std::int64_t ramp = first << std::min(block_, k_doublings_max);
  if (total_rows_ >= 0 && total_rows_ < k_first_block_rows * parallelism_) {
    const std::int64_t share = total_rows_ / parallelism_, rest = total_rows_ % parallelism_;
    return std::clamp<std::int64_t>(share + (block_ < rest ? 1 : 0), 1, ramp);
  }
  return std::min(ramp, std::clamp(cut_ / parallelism_, k_first_block_rows, k_last_block_rows));
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
  cut_ += rows_;
  rows_ = 0;
  bytes_ = 0;
}

}  // namespace shoal::data
