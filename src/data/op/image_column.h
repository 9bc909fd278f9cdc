#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <arrow/type_fwd.h>

#include <shoal/data/options.h>

#include "base/status.h"
#include "data/op/image.h"

namespace shoal::data {

/// The type of a column of images: a fixed-shape tensor where `size` is given, else one of varying shape.
std::shared_ptr<arrow::DataType> image_column_type(ImageMode mode, ImageSize size);

/// Collects images into a tensor column. The caller writes each one's pixels in place, so nothing is copied unless the
/// buffer must grow. Belongs to one thread.
class ImageColumn {
 public:
  ImageColumn(ImageMode mode, ImageSize size, arrow::MemoryPool* pool);

  /// Makes sure that `bytes` of pixels fit without growing.
  Status reserve(std::int64_t bytes);
  /// Room for the next image, valid until the next call. It counts once keep() was called, else it is used again.
  Result<std::span<std::uint8_t>> next(const ImageExtents& extents);
  Status keep();

  std::int64_t rows() const { return rows_; }
  std::int64_t bytes() const { return bytes_; }
  Result<std::shared_ptr<arrow::Array>> finish();

 private:
  Status append_extents();

  const ImageMode mode_;
  const ImageSize size_;
  arrow::MemoryPool* const pool_;
  std::shared_ptr<arrow::ResizableBuffer> pixels_;
  std::shared_ptr<arrow::ResizableBuffer> offsets_;  // int32, rows + 1; of varying shapes only, as are
  std::shared_ptr<arrow::ResizableBuffer> shapes_;   // int32, rank of each row
  ImageExtents open_;
  std::int64_t rows_ = 0;
  std::int64_t bytes_ = 0;
};

}  // namespace shoal::data
