#include "data/op/image_column.h"

#include <arrow/array/array_base.h>
#include <arrow/buffer.h>
#include <arrow/type.h>

#include <algorithm>
#include <limits>
#include <utility>

#include <shoal/data/tensor.h>

#include "data/io/arrow_status.h"
#include "data/rows/tensor_column.h"

namespace shoal::data {
namespace {

std::size_t rank_of(ImageMode mode) { return mode == ImageMode::gray ? 2 : 3; }

Shape shape_of(ImageMode mode, ImageSize size) {
  return mode == ImageMode::gray ? Shape{size.height, size.width} : Shape{size.height, size.width, 3};
}

/// Makes room for `bytes` in all; doubles, so that many small steps copy little.
Status grow(std::shared_ptr<arrow::ResizableBuffer>& buffer, std::int64_t bytes, arrow::MemoryPool* pool) {
  if (buffer == nullptr) {
    SHOAL_ASSIGN_OR_RETURN(std::unique_ptr<arrow::ResizableBuffer> made,
                           from_arrow(arrow::AllocateResizableBuffer(0, pool)));
    buffer = std::move(made);
  }
  if (bytes > buffer->capacity()) {
    const std::int64_t more = buffer->size() == 0 ? bytes : std::max(bytes, 2 * buffer->capacity());
    SHOAL_RETURN_IF_ERROR(from_arrow(buffer->Reserve(more)));
  }
  return from_arrow(buffer->Resize(bytes, /*shrink_to_fit=*/false));
}

void put(arrow::ResizableBuffer& buffer, std::int64_t at, std::int64_t value) {
  reinterpret_cast<std::int32_t*>(buffer.mutable_data())[at] = static_cast<std::int32_t>(value);
}

}  // namespace

std::shared_ptr<arrow::DataType> image_column_type(ImageMode mode, ImageSize size) {
  return size == ImageSize{} ? varying_tensor_type(arrow::uint8(), rank_of(mode))
                             : fixed_tensor_type(arrow::uint8(), shape_of(mode, size));
}

ImageColumn::ImageColumn(ImageMode mode, ImageSize size, arrow::MemoryPool* pool)
    : mode_(mode), size_(size), pool_(pool) {}

Status ImageColumn::reserve(std::int64_t bytes) {
  SHOAL_RETURN_IF_ERROR(grow(pixels_, std::max(bytes, bytes_), pool_));
  return from_arrow(pixels_->Resize(bytes_, /*shrink_to_fit=*/false));
}

Result<std::span<std::uint8_t>> ImageColumn::next(const ImageExtents& extents) {
  if (bytes_ + extents.bytes() > std::numeric_limits<std::int32_t>::max()) {
    return Status(ErrorCode::internal, "a block of images is larger than 2 GiB");
  }
  open_ = extents;
  SHOAL_RETURN_IF_ERROR(grow(pixels_, bytes_ + extents.bytes(), pool_));
  return std::span(pixels_->mutable_data() + bytes_, static_cast<std::size_t>(extents.bytes()));
}

Status ImageColumn::keep() {
  bytes_ += open_.bytes();
  ++rows_;
  return size_ == ImageSize{} ? append_extents() : Status();
}

Status ImageColumn::append_extents() {
  const auto rank = static_cast<std::int64_t>(rank_of(mode_));
  SHOAL_RETURN_IF_ERROR(grow(offsets_, (rows_ + 1) * std::int64_t{sizeof(std::int32_t)}, pool_));
  SHOAL_RETURN_IF_ERROR(grow(shapes_, rows_ * rank * std::int64_t{sizeof(std::int32_t)}, pool_));
  put(*offsets_, 0, 0);
  put(*offsets_, rows_, bytes_);
  const std::int64_t at = (rows_ - 1) * rank;
  put(*shapes_, at, open_.height);
  put(*shapes_, at + 1, open_.width);
  if (rank == 3) put(*shapes_, at + 2, open_.channels);
  return Status();
}

Result<std::shared_ptr<arrow::Array>> ImageColumn::finish() {
  SHOAL_RETURN_IF_ERROR(from_arrow(pixels_->Resize(bytes_, /*shrink_to_fit=*/false)));
  if (size_ != ImageSize{}) {
    return fixed_tensor_array(arrow::uint8(), shape_of(mode_, size_), rows_, std::move(pixels_));
  }
  return varying_tensor_array(arrow::uint8(), rank_of(mode_), rows_, std::move(offsets_), std::move(pixels_),
                              std::move(shapes_));
}

}  // namespace shoal::data
