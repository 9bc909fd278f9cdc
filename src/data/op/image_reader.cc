#include "data/op/image_reader.h"

#include <array>
#include <string>
#include <string_view>

#include "data/op/jpeg_decoder.h"
#include "data/op/png_decoder.h"

namespace shoal::data {
namespace {

// libjpeg's vector code writes rows of 32 bytes, and reading them back soon from addresses of the same alignment
// stalls on them: the rows' buffer begins beside it.
constexpr std::size_t k_row_shift = 4;

using namespace std::string_view_literals;

/// What bytes that are no picture we can read are, by their first ones.
Status refuse(std::string_view bytes) {
  struct Known {
    std::string_view begin;
    const char* name;
  };
  static constexpr std::array<Known, 7> k_known = {{{"GIF8"sv, "GIF"},
                                                    {"BM"sv, "BMP"},
                                                    {"II*\0"sv, "TIFF"},
                                                    {"MM\0*"sv, "TIFF"},
                                                    {"\0\0\0\fjP"sv, "JPEG 2000"},
                                                    {"8BPS"sv, "Photoshop"},
                                                    {"\xff\x0a"sv, "JPEG XL"}}};
  std::string_view name;
  for (const Known& known : k_known) {
    if (bytes.starts_with(known.begin)) name = known.name;
  }
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP")) name = "WebP";
  if (bytes.size() > 12 && bytes.substr(4, 4) == "ftyp") name = "HEIF or AVIF";
  if (!name.empty()) {
    return Status(ErrorCode::unsupported, std::string(name) +
                                              " is not supported yet, only JPEG and PNG are; convert "
                                              "the file, or leave it out with .suffixes");
  }
  return Status(ErrorCode::corrupt_data,
                bytes.empty() ? "the file is empty" : "no JPEG and no PNG; leave it out with .suffixes");
}

}  // namespace

Status check_image_size(std::int64_t height, std::int64_t width) {
  if (height > 0 && width > 0 && height <= k_image_pixels_max / width) return Status();
  return Status(height > 0 && width > 0 ? ErrorCode::unsupported : ErrorCode::corrupt_data,
                "the image says it has " + std::to_string(height) + " x " + std::to_string(width) +
                    " pixels; at least 1 and at most 134 million are read");
}

Result<ImageExtents> ImageReader::open(std::span<const std::uint8_t> bytes) {
  const std::string_view begin(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (begin.starts_with("\xff\xd8\xff")) {
    if (jpeg_ == nullptr) jpeg_ = make_jpeg_decoder();
    decoder_ = jpeg_.get();
  } else if (begin.starts_with("\x89PNG\r\n\x1a\n")) {
    if (png_ == nullptr) png_ = make_png_decoder();
    decoder_ = png_.get();
  } else {
    return refuse(begin);
  }
  SHOAL_ASSIGN_OR_RETURN(decoded_, decoder_->open(bytes, mode_, size_));
  wanted_ = size_ == ImageSize{} ? decoded_ : ImageExtents{size_.height, size_.width, decoded_.channels};
  return wanted_;
}

Status ImageReader::read(std::span<std::uint8_t> out) {
  if (decoded_ == wanted_) return decoder_->decode(out);
  const auto bytes = static_cast<std::size_t>(decoded_.bytes());
  if (pixels_.size() < bytes + k_row_shift) pixels_.resize(bytes + k_row_shift);
  const std::span<std::uint8_t> pixels(pixels_.data() + k_row_shift, bytes);
  SHOAL_RETURN_IF_ERROR(decoder_->decode(pixels));
  resize_.run(pixels, decoded_, out, wanted_);
  return Status();
}

}  // namespace shoal::data
