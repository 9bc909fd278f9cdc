#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace shoal::data {

/// A picture for tests: 8 bits a sample, row by row.
struct TestImage {
  int height = 0;
  int width = 0;
  int channels = 3;
  std::vector<std::uint8_t> pixels;

  std::uint8_t at(int y, int x, int c) const {
    return pixels[static_cast<std::size_t>((y * width + x) * channels + c)];
  }
};

/// A picture of smooth colours, which JPEG keeps to within a few steps.
TestImage smooth_image(int height, int width, int channels, int seed = 0);

struct JpegEncoding {
  int quality = 95;
  bool progressive = false;
  bool cmyk = false;      ///< Four channels, with Adobe's marker.
  bool keep_rgb = false;  ///< Stores RGB without converting it to YCbCr.
};
std::string encode_jpeg(const TestImage& image, const JpegEncoding& encoding = {});

struct PngEncoding {
  int bit_depth = 8;
  int color_type = 2;  ///< PNG's number: 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGB and alpha.
  bool interlaced = false;
};
/// Channels as the colour type says; palette images have one channel of indexes below 2^bit_depth into a palette whose
/// entry i is {i, 255 - i, 7}. For bit depths below 8 the samples are that small; for 16 each is sample x 257.
std::string encode_png(const TestImage& image, const PngEncoding& encoding = {});

}  // namespace shoal::data
