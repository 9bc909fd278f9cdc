#include "data/op/png_decoder.h"

#include <png.h>

#include <array>
#include <csetjmp>
#include <cstring>
#include <string>
#include <vector>

namespace shoal::data {
namespace {

constexpr png_alloc_size_t k_chunk_bytes_max = 8 << 20;  // of text and profiles, which nobody needs
constexpr int k_chunks_max = 256;
constexpr std::int64_t k_ratio_max = 1040;  // deflate's best is 1032 to 1

/// Where libpng reads, and where it jumps to when it fails. Between setjmp and longjmp there are no objects with
/// destructors.
struct PngInput {
  std::span<const std::uint8_t> rest;
  std::array<char, 200> text{};
};

extern "C" {

static void shoal_png_read(png_structp png, png_bytep out, png_size_t size) {
  auto* input = static_cast<PngInput*>(png_get_io_ptr(png));
  if (input->rest.size() < size) png_error(png, "the file is cut off");
  std::memcpy(out, input->rest.data(), size);
  input->rest = input->rest.subspan(size);
}

[[noreturn]] static void shoal_png_fail(png_structp png, png_const_charp text) {
  auto* input = static_cast<PngInput*>(png_get_error_ptr(png));
  std::strncpy(input->text.data(), text, input->text.size() - 1);
  png_longjmp(png, 1);
}

static void shoal_png_warn(png_structp, png_const_charp) {}

}  // extern "C"

class PngDecoder final : public ImageDecoder {
 public:
  ~PngDecoder() override { close(); }

  Result<ImageExtents> open(std::span<const std::uint8_t> bytes, ImageMode mode, ImageSize target) override;
  Status decode(std::span<std::uint8_t> out) override;

 private:
  bool read_header();
  bool read_pixels();
  void close() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Status failure();

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  PngInput input_;
  int stored_channels_ = 0;        // that libpng gives: 1 or 3
  std::int64_t stored_bytes_ = 0;  // of the pixels in the file, before compression
  ImageExtents extents_;
  std::vector<png_bytep> rows_;
  std::vector<std::uint8_t> pixels_;  // where libpng's channels are not the wanted ones
};

Status PngDecoder::failure() {
  Status status(ErrorCode::corrupt_data, "PNG: " + std::string(input_.text.data()));
  close();
  return status;
}

bool PngDecoder::read_header() {
  if (setjmp(png_jmpbuf(png_)) != 0) return false;
  png_set_read_fn(png_, &input_, shoal_png_read);
  png_set_user_limits(png_, 1 << 24, 1 << 24);  // check_image_size() holds the real limit
  png_set_chunk_malloc_max(png_, k_chunk_bytes_max);
  png_set_chunk_cache_max(png_, k_chunks_max);
  png_read_info(png_, info_);
  stored_bytes_ = static_cast<std::int64_t>(png_get_rowbytes(png_, info_)) * png_get_image_height(png_, info_);
  png_set_expand(png_);
  png_set_scale_16(png_);
  png_set_strip_alpha(png_);
  png_set_interlace_handling(png_);
  png_read_update_info(png_, info_);
  return true;
}

Result<ImageExtents> PngDecoder::open(std::span<const std::uint8_t> bytes, ImageMode mode, ImageSize) {
  close();  // a picture that was opened and not decoded
  input_ = {bytes, {}};
  png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &input_, shoal_png_fail, shoal_png_warn);
  if (png_ != nullptr) info_ = png_create_info_struct(png_);
  if (info_ == nullptr) {
    close();
    return Status(ErrorCode::out_of_memory, "PNG: no memory for the decoder");
  }
  if (!read_header()) return failure();
  extents_ = {static_cast<int>(png_get_image_height(png_, info_)), static_cast<int>(png_get_image_width(png_, info_)),
              channels_of(mode)};
  stored_channels_ = png_get_channels(png_, info_);
  Status size = check_image_size(extents_.height, extents_.width);
  if (size.ok() && stored_channels_ != 1 && stored_channels_ != 3) {
    size = Status(ErrorCode::unsupported, "PNG: " + std::to_string(stored_channels_) + " channels");
  }
  if (size.ok() && stored_bytes_ / k_ratio_max > static_cast<std::int64_t>(bytes.size())) {
    size = Status(ErrorCode::corrupt_data, "PNG: too few bytes for so many pixels; the file is cut off");
  }
  if (!size.ok()) {
    close();
    return size;
  }
  return extents_;
}

bool PngDecoder::read_pixels() {
  if (setjmp(png_jmpbuf(png_)) != 0) return false;
  png_read_image(png_, rows_.data());
  png_read_end(png_, nullptr);
  return true;
}

Status PngDecoder::decode(std::span<std::uint8_t> out) {
  const bool is_direct = stored_channels_ == extents_.channels;
  const auto row_bytes = static_cast<std::size_t>(extents_.width) * static_cast<std::size_t>(stored_channels_);
  if (!is_direct) pixels_.resize(row_bytes * static_cast<std::size_t>(extents_.height));
  std::uint8_t* stored = is_direct ? out.data() : pixels_.data();
  rows_.resize(static_cast<std::size_t>(extents_.height));
  for (std::size_t y = 0; y < rows_.size(); ++y) rows_[y] = stored + y * row_bytes;
  if (!read_pixels()) return failure();
  close();
  if (is_direct) return Status();
  const std::size_t pixels = static_cast<std::size_t>(extents_.width) * static_cast<std::size_t>(extents_.height);
  for (std::size_t i = 0; i < pixels; ++i) {
    if (extents_.channels == 1) {
      out[i] = luma(stored[3 * i], stored[3 * i + 1], stored[3 * i + 2]);
    } else {
      std::memset(&out[3 * i], stored[i], 3);
    }
  }
  return Status();
}

}  // namespace

std::unique_ptr<ImageDecoder> make_png_decoder() { return std::make_unique<PngDecoder>(); }

}  // namespace shoal::data
