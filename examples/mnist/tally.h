#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "idx.h"
#include <shoal/data/batch.h>

namespace mnist {

/// Gray levels of 255 by which the mean pixel of a label may differ from the original. JPEG at quality 100 moves single
/// pixels by up to 2, and the mean by 0.02: black borders cannot become darker, so errors do not quite cancel out.
inline constexpr double k_jpeg_error_max = 0.05;

/// Counts what came out of a dataset and compares it with the original files.
class Tally {
 public:
  /// Adds a batch of images {n, 1, 28, 28} as (x / 255 - 0.5) / 0.5 with their labels.
  void add(const shoal::data::Batch& batch);
  /// Prints batches, rate and mean pixel, and whether all is as in the first `images` digits of the set: batches, images
  /// and the sum of pixels of every label. Returns whether it is.
  bool report(const std::string& title, IdxSet& original, std::int64_t images, std::int64_t batch_size) const;

 private:
  struct Sum {
    std::int64_t images = 0;
    double pixels = 0;
  };
  using Sums = std::array<Sum, 10>;
  static Sums sums_of(IdxSet& original, std::int64_t images);

  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::int64_t first_batch_size_ = 0;
  std::int64_t batches_ = 0;
  Sums sums_{};
};

/// MiB of memory the process had at most.
double peak_memory_mib();

}  // namespace mnist
