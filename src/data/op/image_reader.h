#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "data/op/image.h"
#include "data/op/image_resize.h"

namespace shoal::data {

/// Pictures of any format that is known, as the user wants them: decoder by the first bytes, then the size. Belongs to
/// one thread. Errors: corrupt_data (damaged, cut off, no image), unsupported (a format that is known by name only, or
/// a variant of one); without the file's name.
class ImageReader {
 public:
  /// `size` 0 x 0 = as stored.
  ImageReader(ImageMode mode, ImageSize size) : mode_(mode), size_(size) {}

  /// Reads the header; gives the extents that read() will write. `bytes` must live until then.
  Result<ImageExtents> open(std::span<const std::uint8_t> bytes);
  /// Writes the pixels. Precondition: out.size() == extents.bytes().
  Status read(std::span<std::uint8_t> out);

 private:
  const ImageMode mode_;
  const ImageSize size_;
  std::unique_ptr<ImageDecoder> jpeg_;  // made when the first is met
  std::unique_ptr<ImageDecoder> png_;
  ImageDecoder* decoder_ = nullptr;  // of the open picture
  ImageExtents decoded_;             // what the decoder writes
  ImageExtents wanted_;
  std::vector<std::uint8_t> pixels_;  // decoded and not resized
  ImageResize resize_;
};

}  // namespace shoal::data
