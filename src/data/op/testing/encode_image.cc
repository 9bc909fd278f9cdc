#include "data/op/testing/encode_image.h"

#include <cstdio>

#include <jpeglib.h>
#include <png.h>

#include <cmath>
#include <cstdlib>

namespace shoal::data {

TestImage smooth_image(int height, int width, int channels, int seed) {
  TestImage image{height, width, channels, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const double wave = std::sin((y + seed) * 0.11 + c) + std::cos(x * 0.07 + c * 2 + seed);
        image.pixels.push_back(static_cast<std::uint8_t>(128 + 60 * wave));
      }
    }
  }
  return image;
}

std::string encode_jpeg(const TestImage& image, const JpegEncoding& encoding) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_height = static_cast<JDIMENSION>(image.height);
  info.image_width = static_cast<JDIMENSION>(image.width);
  info.input_components = image.channels;
  info.in_color_space = encoding.cmyk ? JCS_CMYK : image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  if (encoding.cmyk) {
    jpeg_set_colorspace(&info, JCS_CMYK);
    info.write_Adobe_marker = TRUE;
  }
  if (encoding.keep_rgb) jpeg_set_colorspace(&info, JCS_RGB);
  jpeg_set_quality(&info, encoding.quality, TRUE);
  if (encoding.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    const auto row = static_cast<std::size_t>(info.next_scanline) *
                     static_cast<std::size_t>(image.width * image.channels);
    JSAMPROW pixels = const_cast<JSAMPROW>(image.pixels.data() + row);
    jpeg_write_scanlines(&info, &pixels, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string out(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return out;
}

namespace {

extern "C" void shoal_test_png_write(png_structp png, png_bytep data, png_size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<char*>(data), size);
}
extern "C" void shoal_test_png_flush(png_structp) {}

/// One row with samples of `depth` bits.
std::vector<std::uint8_t> packed_row(const TestImage& image, int y, int depth) {
  const int samples = image.width * image.channels;
  const std::uint8_t* in = image.pixels.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(samples);
  std::vector<std::uint8_t> row(static_cast<std::size_t>((samples * depth + 7) / 8));
  for (int i = 0; i < samples; ++i) {
    const auto bit = static_cast<std::size_t>(i * depth);
    if (depth == 16) {
      row[bit / 8] = row[bit / 8 + 1] = in[i];
    } else {
      row[bit / 8] |= static_cast<std::uint8_t>(in[i] << (8 - depth - static_cast<int>(bit % 8)));
    }
  }
  return row;
}

}  // namespace

std::string encode_png(const TestImage& image, const PngEncoding& encoding) {
  std::string out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &out, shoal_test_png_write, shoal_test_png_flush);
  png_set_IHDR(png, info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height),
               encoding.bit_depth, encoding.color_type, encoding.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (encoding.color_type == PNG_COLOR_TYPE_PALETTE) {
    std::vector<png_color> palette;
    for (int i = 0; i < 1 << encoding.bit_depth; ++i) {
      palette.push_back({static_cast<png_byte>(i), static_cast<png_byte>(255 - i), 7});
    }
    png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  }
  png_write_info(png, info);
  std::vector<std::vector<std::uint8_t>> rows;
  std::vector<png_bytep> pointers;
  for (int y = 0; y < image.height; ++y) rows.push_back(packed_row(image, y, encoding.bit_depth));
  for (auto& row : rows) pointers.push_back(row.data());
  png_write_image(png, pointers.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return out;
}

}  // namespace shoal::data
