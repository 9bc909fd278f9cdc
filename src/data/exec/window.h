#pragma once

#include <cstdint>

#include "data/exec/physical.h"

namespace shoal::data {

/// Cuts an ordered stream of blocks to a RowWindow.
class WindowCutter {
 public:
  explicit WindowCutter(const RowWindow& window);

  struct Cut {
    std::int64_t offset = 0;  ///< Within the block.
    std::int64_t rows = 0;    ///< 0 = nothing of the block is inside.
    friend bool operator==(const Cut&, const Cut&) = default;
  };
  /// The part of the next block, of `rows` rows, that is inside the window.
  Cut add(std::int64_t rows);

  /// No later row is inside.
  bool satisfied() const { return seen_ >= end_; }
  bool bounded() const { return end_ != k_all_rows; }
  /// How many fragments are worth having at once when `finished` of them are over and `rows` were made in all: with a
  /// small limit more would only make what is thrown away. At least one.
  std::int64_t fragments_wanted(std::int64_t finished, std::int64_t rows) const;

 private:
  std::int64_t begin_;
  std::int64_t end_;
  std::int64_t seen_ = 0;
};

}  // namespace shoal::data
