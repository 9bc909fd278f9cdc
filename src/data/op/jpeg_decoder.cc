#include "data/op/jpeg_decoder.h"

#include <cstdio>

#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <string>
#include <vector>

namespace shoal::data {
namespace {

constexpr int k_scans_max = 500;                      // of a progressive picture: more are an attack on our time
constexpr int k_rows_at_once = 16;                    // of one call, as many as an MCU row has
constexpr std::int64_t k_pixels_per_byte_max = 1024;  // each 8 x 8 block has at least one bit; twice that for safety
constexpr long k_decoder_bytes_max = 1L << 30;        // coefficients of a progressive picture of k_image_pixels_max

/// libjpeg reports errors by a function that must not return, so it jumps back to where decoding began. Between
/// setjmp and longjmp there are no objects with destructors.
struct JpegError {
  jpeg_error_mgr manager;  // first, so that libjpeg's pointer to it is ours
  std::jmp_buf back;
  std::array<char, JMSG_LENGTH_MAX> text;
  bool is_unsupported;
};

extern "C" {

[[noreturn]] static void shoal_jpeg_fail(j_common_ptr info) {
  auto* error = reinterpret_cast<JpegError*>(info->err);
  (*info->err->format_message)(info, error->text.data());
  switch (info->err->msg_code) {
    case JERR_CONVERSION_NOTIMPL:
    case JERR_SOF_UNSUPPORTED:
    case JERR_BAD_PRECISION:
    case JERR_NO_BACKING_STORE:
    case JERR_ARITH_NOTIMPL: error->is_unsupported = true; break;
    default: error->is_unsupported = false;
  }
  std::longjmp(error->back, 1);
}

/// libjpeg only warns of missing and impossible bytes and goes on with gray: for us these are errors. The warnings
/// below are about bytes that change no pixel.
static void shoal_jpeg_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL: ++info->err->num_warnings; break;
    default: shoal_jpeg_fail(info);
  }
}

static void shoal_jpeg_progress(j_common_ptr info) {
  auto* decoder = reinterpret_cast<j_decompress_ptr>(info);
  if (decoder->input_scan_number > k_scans_max) ERREXIT(info, JERR_BAD_PROGRESSION);
}

}  // extern "C"

/// A CMYK row as RGB or gray. Adobe's programs store it inverted, and say so by their marker.
void convert_cmyk(const std::uint8_t* in, std::uint8_t* out, int width, int channels, bool inverted) {
  for (int x = 0; x < width; ++x, in += 4, out += channels) {
    const int flip = inverted ? 0 : 255;
    const int black = in[3] ^ flip;
    const int red = (in[0] ^ flip) * black / 255, green = (in[1] ^ flip) * black / 255;
    const int blue = (in[2] ^ flip) * black / 255;
    if (channels == 1) {
      *out = luma(red, green, blue);
    } else {
      out[0] = static_cast<std::uint8_t>(red);
      out[1] = static_cast<std::uint8_t>(green);
      out[2] = static_cast<std::uint8_t>(blue);
    }
  }
}

class JpegDecoder final : public ImageDecoder {
 public:
  JpegDecoder();
  ~JpegDecoder() override { jpeg_destroy_decompress(&info_); }

  Result<ImageExtents> open(std::span<const std::uint8_t> bytes, ImageMode mode, ImageSize target) override;
  Status decode(std::span<std::uint8_t> out) override;

 private:
  void create();
  bool read_header(std::span<const std::uint8_t> bytes, ImageMode mode, ImageSize target);
  bool read_pixels(std::uint8_t* out);
  Status failure();
  bool is_cmyk() const { return info_.out_color_space == JCS_CMYK; }

  jpeg_decompress_struct info_{};
  JpegError error_{};
  jpeg_progress_mgr progress_{};
  ImageExtents extents_;
  std::vector<std::uint8_t> cmyk_row_;
};

JpegDecoder::JpegDecoder() {
  info_.err = jpeg_std_error(&error_.manager);
  error_.manager.error_exit = shoal_jpeg_fail;
  error_.manager.emit_message = shoal_jpeg_message;
  progress_.progress_monitor = shoal_jpeg_progress;
}

void JpegDecoder::create() {
  jpeg_create_decompress(&info_);
  info_.mem->max_memory_to_use = k_decoder_bytes_max;
  info_.progress = &progress_;
}

Status JpegDecoder::failure() {
  if (info_.mem != nullptr) jpeg_abort_decompress(&info_);
  return Status(error_.is_unsupported ? ErrorCode::unsupported : ErrorCode::corrupt_data,
                "JPEG: " + std::string(error_.text.data()));
}

bool JpegDecoder::read_header(std::span<const std::uint8_t> bytes, ImageMode mode, ImageSize target) {
  if (setjmp(error_.back) != 0) return false;
  if (info_.mem == nullptr) create();
  jpeg_mem_src(&info_, bytes.data(), static_cast<unsigned long>(bytes.size()));
  jpeg_read_header(&info_, TRUE);
  const bool has_black = info_.jpeg_color_space == JCS_CMYK || info_.jpeg_color_space == JCS_YCCK;
  info_.out_color_space = has_black ? JCS_CMYK : mode == ImageMode::gray ? JCS_GRAYSCALE : JCS_RGB;
  info_.scale_num = 1;
  info_.scale_denom = 1;
  for (unsigned denominator = 8; target.height > 0 && denominator > 1; denominator /= 2) {
    const unsigned height = (info_.image_height + denominator - 1) / denominator;
    const unsigned width = (info_.image_width + denominator - 1) / denominator;
    if (height < static_cast<unsigned>(target.height) || width < static_cast<unsigned>(target.width)) continue;
    info_.scale_denom = denominator;
    break;
  }
  jpeg_calc_output_dimensions(&info_);
  return true;
}

Result<ImageExtents> JpegDecoder::open(std::span<const std::uint8_t> bytes, ImageMode mode, ImageSize target) {
  if (!read_header(bytes, mode, target)) return failure();
  Status size = check_image_size(info_.image_height, info_.image_width);
  const std::int64_t pixels = std::int64_t{info_.image_height} * info_.image_width;
  if (size.ok() && !info_.arith_code && pixels / k_pixels_per_byte_max > static_cast<std::int64_t>(bytes.size())) {
    size = Status(ErrorCode::corrupt_data, "JPEG: too few bytes for so many pixels; the file is cut off");
  }
  if (!size.ok()) {
    jpeg_abort_decompress(&info_);
    return size;
  }
  extents_ = {static_cast<int>(info_.output_height), static_cast<int>(info_.output_width), channels_of(mode)};
  return extents_;
}

bool JpegDecoder::read_pixels(std::uint8_t* out) {
  if (setjmp(error_.back) != 0) return false;
  const auto row_bytes = static_cast<std::size_t>(extents_.row_bytes());
  jpeg_start_decompress(&info_);
  while (info_.output_scanline < info_.output_height) {
    JSAMPROW rows[k_rows_at_once];
    if (is_cmyk()) {
      rows[0] = cmyk_row_.data();
      std::uint8_t* row = out + row_bytes * info_.output_scanline;
      jpeg_read_scanlines(&info_, rows, 1);
      convert_cmyk(cmyk_row_.data(), row, extents_.width, extents_.channels, info_.saw_Adobe_marker != 0);
      continue;
    }
    const unsigned count = std::min<unsigned>(k_rows_at_once, info_.output_height - info_.output_scanline);
    for (unsigned i = 0; i < count; ++i) rows[i] = out + row_bytes * (info_.output_scanline + i);
    jpeg_read_scanlines(&info_, rows, count);
  }
  jpeg_finish_decompress(&info_);
  return true;
}

Status JpegDecoder::decode(std::span<std::uint8_t> out) {
  if (is_cmyk()) cmyk_row_.resize(static_cast<std::size_t>(extents_.width) * 4);
  return read_pixels(out.data()) ? Status() : failure();
}

}  // namespace

std::unique_ptr<ImageDecoder> make_jpeg_decoder() { return std::make_unique<JpegDecoder>(); }

}  // namespace shoal::data
