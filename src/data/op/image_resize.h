#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/op/image.h"

namespace shoal::data {

/// Brings pictures to one size: each output pixel is the mean of the area it covers where a direction shrinks, and
/// interpolated linearly between the two nearest pixels' centres where it grows. Results are rounded to nearest.
/// Keeps its tables and buffers between pictures. Belongs to one thread.
class ImageResize {
 public:
  /// Precondition: both have the same channels, 1 or 3; `in` and `out` are as large as their extents say and do not overlap.
  void run(std::span<const std::uint8_t> in, const ImageExtents& from, std::span<std::uint8_t> out,
           const ImageExtents& to);

 private:
  /// One output position: in[first .. first + count) times the weights from `weight` on, whose sum is 1.
  struct Tap {
    int first = 0;
    int count = 0;
    int weight = 0;
  };
  struct Axis {
    int from = 0;
    int to = 0;
    std::vector<Tap> taps;
    std::vector<float> weights;
  };

  static void prepare(Axis& axis, int from, int to);
  static void prepare_area(Axis& axis);
  static void prepare_linear(Axis& axis);
  void halve(std::span<const std::uint8_t> in, const ImageExtents& from, std::span<std::uint8_t> out,
             const ImageExtents& to) const;

  /// Write row_ at the output's width.
  void narrow_gray(std::uint8_t* out) const;
  void narrow_rgb(std::uint8_t* out) const;

  Axis vertical_;
  Axis horizontal_;
  std::vector<float> row_;  // one output row before it is brought to the output's width
};

}  // namespace shoal::data
