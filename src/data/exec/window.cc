#include "data/exec/window.h"

#include <algorithm>

namespace shoal::data {

WindowCutter::WindowCutter(const RowWindow& window)
    : begin_(window.offset),
      end_(window.length == 0
               ? 0
               : (window.length > k_all_rows - window.offset ? k_all_rows : window.offset + window.length)) {}

WindowCutter::Cut WindowCutter::add(std::int64_t rows) {
  const std::int64_t first = std::clamp(begin_ - seen_, std::int64_t{0}, rows);
  const std::int64_t last = std::clamp(end_ - seen_, std::int64_t{0}, rows);
  seen_ += rows;
  return last > first ? Cut{first, last - first} : Cut{};
}

std::int64_t WindowCutter::fragments_wanted(std::int64_t finished, std::int64_t rows) const {
  if (!bounded()) return k_all_rows;
  if (finished == 0 || rows >= end_) return 1;
  if (rows == 0) return 2 * finished;
  // missing / (rows / finished), rounded up, in floating point: an estimate that cannot overflow.
  const double wanted = static_cast<double>(end_ - rows) * static_cast<double>(finished) / static_cast<double>(rows);
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::min(wanted, 1e15) + 0.999));
}

}  // namespace shoal::data
