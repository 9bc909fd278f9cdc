#include "data/op/image_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "base/testing/source_root.h"
#include "data/io/testing/bytes.h"
#include "data/op/testing/encode_image.h"

namespace shoal::data {
namespace {

Result<TestImage> read(ImageReader& reader, const std::string& bytes) {
  SHOAL_ASSIGN_OR_RETURN(const ImageExtents extents, reader.open(bytes_of(bytes)));
  TestImage image{extents.height, extents.width, extents.channels, {}};
  image.pixels.resize(static_cast<std::size_t>(extents.bytes()));
  SHOAL_RETURN_IF_ERROR(reader.read(image.pixels));
  return image;
}

Result<TestImage> read(const std::string& bytes, ImageMode mode, ImageSize size = {}) {
  ImageReader reader(mode, size);
  return read(reader, bytes);
}

/// The largest difference of a sample.
int distance(const TestImage& a, const TestImage& b) {
  if (a.height != b.height || a.width != b.width || a.channels != b.channels) return 1000;
  int most = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) most = std::max(most, std::abs(a.pixels[i] - b.pixels[i]));
  return most;
}

TestImage to_gray(const TestImage& rgb) {
  TestImage gray{rgb.height, rgb.width, 1, {}};
  for (std::size_t i = 0; i < rgb.pixels.size(); i += 3) {
    gray.pixels.push_back(luma(rgb.pixels[i], rgb.pixels[i + 1], rgb.pixels[i + 2]));
  }
  return gray;
}

TestImage to_rgb(const TestImage& gray) {
  TestImage rgb{gray.height, gray.width, 3, {}};
  for (std::uint8_t value : gray.pixels) rgb.pixels.insert(rgb.pixels.end(), 3, value);
  return rgb;
}

TEST(ImageReader, ReadsJpegs) {
  const TestImage rgb = smooth_image(37, 53, 3), gray = smooth_image(28, 28, 1);
  for (bool progressive : {false, true}) {
    const JpegEncoding encoding{.progressive = progressive};
    EXPECT_LE(distance(read(encode_jpeg(rgb, encoding), ImageMode::rgb).value(), rgb), 8);
    EXPECT_LE(distance(read(encode_jpeg(rgb, encoding), ImageMode::gray).value(), to_gray(rgb)), 6);
    EXPECT_LE(distance(read(encode_jpeg(gray, encoding), ImageMode::gray).value(), gray), 6);
    EXPECT_LE(distance(read(encode_jpeg(gray, encoding), ImageMode::rgb).value(), to_rgb(gray)), 6);
  }
  EXPECT_LE(distance(read(encode_jpeg(rgb, {.keep_rgb = true}), ImageMode::gray).value(), to_gray(rgb)), 6);
}

TEST(ImageReader, ReadsCmykJpegs) {
  TestImage cmyk{16, 16, 4, {}};
  for (int i = 0; i < 16 * 16; ++i) cmyk.pixels.insert(cmyk.pixels.end(), {200, 100, 50, 255});  // Adobe: inverted
  const TestImage rgb = read(encode_jpeg(cmyk, {.cmyk = true}), ImageMode::rgb).value();
  EXPECT_NEAR(rgb.at(8, 8, 0), 200, 4);
  EXPECT_NEAR(rgb.at(8, 8, 1), 100, 4);
  EXPECT_NEAR(rgb.at(8, 8, 2), 50, 4);
  const TestImage gray = read(encode_jpeg(cmyk, {.cmyk = true}), ImageMode::gray).value();
  EXPECT_NEAR(gray.at(8, 8, 0), luma(200, 100, 50), 4);
}

TEST(ImageReader, ReadsPngsOfEveryColourType) {
  const TestImage rgb = smooth_image(19, 23, 3), gray = smooth_image(19, 23, 1);
  for (bool interlaced : {false, true}) {
    auto encode = [&](const TestImage& image, int depth, int type) {
      return encode_png(image, {.bit_depth = depth, .color_type = type, .interlaced = interlaced});
    };
    for (int depth : {8, 16}) {
      EXPECT_EQ(distance(read(encode(rgb, depth, 2), ImageMode::rgb).value(), rgb), 0);
      EXPECT_EQ(distance(read(encode(rgb, depth, 2), ImageMode::gray).value(), to_gray(rgb)), 0);
      EXPECT_EQ(distance(read(encode(gray, depth, 0), ImageMode::gray).value(), gray), 0);
      EXPECT_EQ(distance(read(encode(gray, depth, 0), ImageMode::rgb).value(), to_rgb(gray)), 0);
      TestImage gray_alpha{19, 23, 2, {}}, rgb_alpha{19, 23, 4, {}};
      for (std::size_t i = 0; i < gray.pixels.size(); ++i) {
        gray_alpha.pixels.insert(gray_alpha.pixels.end(), {gray.pixels[i], 77});
        rgb_alpha.pixels.insert(rgb_alpha.pixels.end(),
                                {rgb.pixels[3 * i], rgb.pixels[3 * i + 1], rgb.pixels[3 * i + 2], 77});
      }
      EXPECT_EQ(distance(read(encode(gray_alpha, depth, 4), ImageMode::gray).value(), gray), 0);
      EXPECT_EQ(distance(read(encode(rgb_alpha, depth, 6), ImageMode::rgb).value(), rgb), 0);
    }
    for (int depth : {1, 2, 4, 8}) {
      TestImage small{9, 11, 1, {}}, colours{9, 11, 3, {}}, grays{9, 11, 1, {}};
      for (int i = 0; i < 99; ++i) {
        const int value = i % (1 << depth);
        small.pixels.push_back(static_cast<std::uint8_t>(value));
        colours.pixels.insert(colours.pixels.end(),
                              {static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(255 - value), 7});
        grays.pixels.push_back(static_cast<std::uint8_t>(value * 255 / ((1 << depth) - 1)));
      }
      EXPECT_EQ(distance(read(encode(small, depth, 3), ImageMode::rgb).value(), colours), 0) << depth;
      EXPECT_EQ(distance(read(encode(small, depth, 0), ImageMode::gray).value(), grays), 0) << depth;
    }
  }
}

TEST(ImageReader, DecodesAtASmallerScale) {
  const TestImage rgb = smooth_image(400, 300, 3);
  const TestImage half = read(encode_jpeg(rgb), ImageMode::rgb, {200, 150}).value();
  const TestImage exact = read(encode_png(rgb), ImageMode::rgb, {200, 150}).value();
  EXPECT_LE(distance(half, exact), 8);
  const TestImage odd = read(encode_jpeg(rgb), ImageMode::gray, {90, 71}).value();
  EXPECT_LE(distance(odd, read(encode_png(rgb), ImageMode::gray, {90, 71}).value()), 8);
}

TEST(ImageReader, ResizesByAreaAndLinearly) {
  TestImage in{4, 4, 1, {0, 0, 100, 100, 0, 0, 100, 100, 50, 50, 200, 200, 50, 50, 200, 200}};
  EXPECT_EQ(read(encode_png(in, {.color_type = 0}), ImageMode::gray, {2, 2})->pixels,
            (std::vector<std::uint8_t>{0, 100, 50, 200}));
  EXPECT_EQ(read(encode_png(in, {.color_type = 0}), ImageMode::gray, {1, 1})->pixels[0], 88);  // 87.5
  EXPECT_EQ(read(encode_png(in, {.color_type = 0}), ImageMode::gray, {3, 1})->pixels,
            (std::vector<std::uint8_t>{50, 88, 125}));
  TestImage two{1, 2, 1, {0, 100}};
  EXPECT_EQ(read(encode_png(two, {.color_type = 0}), ImageMode::gray, {1, 4})->pixels,
            (std::vector<std::uint8_t>{0, 25, 75, 100}));
  TestImage one{1, 1, 1, {42}};
  EXPECT_EQ(read(encode_png(one, {.color_type = 0}), ImageMode::gray, {2, 2})->pixels,
            std::vector<std::uint8_t>(4, 42));
}

TEST(ImageReader, KeepsAFlatColourWhateverTheSizes) {
  for (int size : {1, 2, 3, 7, 16, 33}) {
    TestImage flat{size, size, 3, std::vector<std::uint8_t>(static_cast<std::size_t>(size * size * 3), 200)};
    for (int target : {1, 2, 5, 8, 31, 64}) {
      const TestImage out = read(encode_png(flat), ImageMode::rgb, {target, target}).value();
      EXPECT_TRUE(std::all_of(out.pixels.begin(), out.pixels.end(), [](std::uint8_t v) { return v == 200; }))
          << size << " to " << target;
    }
  }
}

TEST(ImageReader, SaysThatAFileIsCutOff) {
  const TestImage rgb = smooth_image(64, 64, 3);
  ImageReader reader(ImageMode::rgb, {});
  for (const std::string& whole : {encode_jpeg(rgb), encode_jpeg(rgb, {.progressive = true}), encode_png(rgb),
                                   encode_png(rgb, {.interlaced = true})}) {
    for (std::size_t size = 0; size < whole.size() - 1; size += 1 + whole.size() / 150) {
      Result<TestImage> cut = read(reader, whole.substr(0, size));
      ASSERT_EQ(cut.status().code(), ErrorCode::corrupt_data) << size << " of " << whole.size();
    }
    EXPECT_TRUE(read(reader, whole).ok()) << "a bad file must not harm the next";
  }
}

TEST(ImageReader, SaysWhatIsNoImage) {
  for (const char* text : {"", "x", "hello, world", "\xff\xd8", "\x89PNG"}) {
    EXPECT_EQ(read(text, ImageMode::rgb).status().code(), ErrorCode::corrupt_data) << text;
  }
  EXPECT_EQ(read("GIF89a....", ImageMode::rgb).status().code(), ErrorCode::unsupported);
  EXPECT_EQ(read(std::string("RIFF\x10\0\0\0WEBPVP8 ", 16), ImageMode::rgb).status().code(), ErrorCode::unsupported);
}

TEST(ImageReader, RefusesSizesThatFilesOnlyPromise) {
  std::string jpeg = encode_jpeg(smooth_image(16, 16, 1));
  const std::size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  for (std::size_t i = 5; i < 9; ++i) jpeg[frame + i] = '\x7f';  // 32,639 x 32,639
  EXPECT_EQ(read(jpeg, ImageMode::gray).status().code(), ErrorCode::unsupported);
  jpeg[frame + 5] = jpeg[frame + 7] = '\x10';  // 4,223 x 4,223 of 400 bytes
  EXPECT_EQ(read(jpeg, ImageMode::gray).status().code(), ErrorCode::corrupt_data);
}

/// Inputs that the fuzzer found worth keeping, and those that once failed.
TEST(ImageReader, SurvivesItsCorpus) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source_root() + "/tests/corpus/image_reader_fuzz")) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    for (ImageMode mode : {ImageMode::rgb, ImageMode::gray}) {
      for (ImageSize size : {ImageSize{}, ImageSize{5, 7}}) (void)read(bytes, mode, size);
    }
    ++files;
  }
  EXPECT_GT(files, 0u);
}

}  // namespace
}  // namespace shoal::data
