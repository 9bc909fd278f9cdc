#include "data/op/image_resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

namespace shoal::data {
namespace {

/// sums[i] = weight * in[i], added to what is there where `add` is set. Blocks of a fixed length, so that the compiler
/// uses vector instructions.
template <bool add>
void weigh(float* __restrict sums, const std::uint8_t* __restrict in, float weight, std::size_t count) {
  constexpr std::size_t k_block = 16;
  std::size_t i = 0;
  for (; i + k_block <= count; i += k_block) {
    for (std::size_t j = 0; j < k_block; ++j) {
      sums[i + j] = (add ? sums[i + j] : 0.0f) + weight * static_cast<float>(in[i + j]);
    }
  }
  for (; i < count; ++i) sums[i] = (add ? sums[i] : 0.0f) + weight * static_cast<float>(in[i]);
}

/// One vector register: a pixel's three channels and one more.
using Four = float __attribute__((vector_size(4 * sizeof(float))));

/// Means of bytes are between 0 and 255, up to the last bit of a float.
std::uint8_t to_byte(float value) { return static_cast<std::uint8_t>(static_cast<int>(value + 0.5f)); }

}  // namespace

void ImageResize::prepare(Axis& axis, int from, int to) {
  if (axis.from == from && axis.to == to) return;
  axis.from = from;
  axis.to = to;
  axis.taps.clear();
  axis.weights.clear();
  if (to <= from) {
    prepare_area(axis);
  } else {
    prepare_linear(axis);
  }
}

void ImageResize::prepare_area(Axis& axis) {
  // Output i covers [i * from, (i + 1) * from) in units of 1 / to input pixels, so that everything is exact.
  const std::int64_t from = axis.from, to = axis.to;
  for (std::int64_t i = 0; i < to; ++i) {
    const std::int64_t begin = i * from, end = (i + 1) * from;
    const std::int64_t first = begin / to, last = (end - 1) / to;
    axis.taps.push_back(
        {static_cast<int>(first), static_cast<int>(last - first + 1), static_cast<int>(axis.weights.size())});
    for (std::int64_t k = first; k <= last; ++k) {
      const std::int64_t overlap = std::min(end, (k + 1) * to) - std::max(begin, k * to);
      axis.weights.push_back(static_cast<float>(overlap) / static_cast<float>(from));
    }
  }
}

void ImageResize::prepare_linear(Axis& axis) {
  const double scale = static_cast<double>(axis.from) / axis.to;
  for (int i = 0; i < axis.to; ++i) {
    const double centre = std::clamp((i + 0.5) * scale - 0.5, 0.0, static_cast<double>(axis.from - 1));
    const int first = std::min(static_cast<int>(centre), std::max(0, axis.from - 2));
    const float part = static_cast<float>(centre - first);
    const auto weight = static_cast<int>(axis.weights.size());
    axis.weights.push_back(1 - part);
    axis.taps.push_back({first, 1, weight});
    if (axis.from == 1) continue;
    axis.weights.push_back(part);
    axis.taps.back().count = 2;
  }
}

void ImageResize::halve(std::span<const std::uint8_t> in, const ImageExtents& from, std::span<std::uint8_t> out,
                        const ImageExtents& to) const {
  const auto stride = static_cast<std::size_t>(from.row_bytes());
  const int channels = from.channels;
  std::uint8_t* pixel = out.data();
  for (int y = 0; y < to.height; ++y) {
    const std::uint8_t* upper = in.data() + stride * 2 * static_cast<std::size_t>(y);
    const std::uint8_t* lower = upper + stride;
    for (int x = 0; x < to.width; ++x, upper += 2 * channels, lower += 2 * channels) {
      for (int c = 0; c < channels; ++c) {
        const int sum = upper[c] + upper[c + channels] + lower[c] + lower[c + channels];
        *pixel++ = static_cast<std::uint8_t>((sum + 2) >> 2);
      }
    }
  }
}

void ImageResize::narrow_gray(std::uint8_t* out) const {
  for (const Tap& tap : horizontal_.taps) {
    float sum = 0;
    const float* weight = horizontal_.weights.data() + tap.weight;
    const float* pixel = row_.data() + tap.first;
    for (int k = 0; k < tap.count; ++k) sum += weight[k] * pixel[k];
    *out++ = to_byte(sum);
  }
}

void ImageResize::narrow_rgb(std::uint8_t* out) const {
  for (const Tap& tap : horizontal_.taps) {
    Four sums{};
    const float* weight = horizontal_.weights.data() + tap.weight;
    const float* pixel = row_.data() + std::ptrdiff_t{3} * tap.first;
    for (int k = 0; k < tap.count; ++k, pixel += 3) {
      Four values;
      std::memcpy(&values, pixel, sizeof(values));  // the fourth is the next pixel's, and is not used
      sums += weight[k] * values;
    }
    for (int c = 0; c < 3; ++c) *out++ = to_byte(sums[c]);
  }
}

void ImageResize::run(std::span<const std::uint8_t> in, const ImageExtents& from, std::span<std::uint8_t> out,
                      const ImageExtents& to) {
  if (from == to) {
    std::memcpy(out.data(), in.data(), in.size());
    return;
  }
  if (from.height == 2 * to.height && from.width == 2 * to.width) return halve(in, from, out, to);
  prepare(vertical_, from.height, to.height);
  prepare(horizontal_, from.width, to.width);
  const auto row_size = static_cast<std::size_t>(from.row_bytes());
  row_.resize(row_size + 1);  // narrow_rgb() reads four floats of the last pixel
  std::uint8_t* out_row = out.data();
  for (const Tap& tap : vertical_.taps) {
    const std::uint8_t* in_row = in.data() + row_size * static_cast<std::size_t>(tap.first);
    const float* weight = vertical_.weights.data() + tap.weight;
    weigh<false>(row_.data(), in_row, weight[0], row_size);
    for (int k = 1; k < tap.count; ++k) weigh<true>(row_.data(), in_row += row_size, weight[k], row_size);
    if (from.width == to.width) {
      std::transform(row_.begin(), row_.end() - 1, out_row, to_byte);
    } else if (from.channels == 1) {
      narrow_gray(out_row);
    } else {
      narrow_rgb(out_row);
    }
    out_row += to.row_bytes();
  }
}

}  // namespace shoal::data
