#pragma once

#include <cstdint>
#include <span>

#include <shoal/data/options.h>

#include "base/status.h"

namespace shoal::data {

/// Pixels of one image at most, 384 MiB as RGB: files come from strangers, and a few bytes can promise any size.
inline constexpr std::int64_t k_image_pixels_max = std::int64_t{1} << 27;

/// Extents of an image in memory: uint8, row by row, channels of a pixel together (1 gray, 3 RGB).
struct ImageExtents {
  int height = 0;
  int width = 0;
  int channels = 0;

  std::int64_t row_bytes() const { return std::int64_t{width} * channels; }
  std::int64_t bytes() const { return row_bytes() * height; }
  friend bool operator==(const ImageExtents&, const ImageExtents&) = default;
};

inline int channels_of(ImageMode mode) { return mode == ImageMode::gray ? 1 : 3; }

/// Decodes the pictures of one format, one after the other. Belongs to one thread; kept between pictures because
/// setting a decoder up costs more than a small picture. Errors: corrupt_data, unsupported; without the file's name.
class ImageDecoder {
 public:
  virtual ~ImageDecoder() = default;
  /// Reads the header. Gives the extents that decode() will write: as stored, or, where the format can decode at a
  /// smaller scale, the smallest that is not below `target` in either direction (0 x 0 = as stored).
  /// `bytes` must live until decode() returned.
  virtual Result<ImageExtents> open(std::span<const std::uint8_t> bytes, ImageMode mode, ImageSize target) = 0;
  /// Writes all pixels. Call once after open() succeeded. Precondition: out.size() == extents.bytes().
  virtual Status decode(std::span<std::uint8_t> out) = 0;
};

/// Luma of an RGB pixel as JPEG defines it (ITU-R BT.601), in 16-bit fixed point.
inline std::uint8_t luma(int red, int green, int blue) {
  return static_cast<std::uint8_t>((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16);
}

/// Success where the extents are at least 1 x 1 and within the limit.
Status check_image_size(std::int64_t height, std::int64_t width);

}  // namespace shoal::data
