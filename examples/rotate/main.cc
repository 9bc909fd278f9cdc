// Images rotated by tasks that return two results, the image and its mean. unpack() gives each a reference of its own, so
// the means are here at once, while images are only fetched where they are wanted: all others go from task to task.
#include <shoal/shoal.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

/// Grey, one byte a pixel, row by row.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels{};

  std::size_t at(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
  }
  friend bool operator==(const Image&, const Image&) = default;
};

Image paint(int number, int size) {
  Image image{size, size / 2,
              std::vector<std::uint8_t>(static_cast<std::size_t>(size) * static_cast<std::size_t>(size / 2))};
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x)
      image.pixels[image.at(x, y)] = static_cast<std::uint8_t>((x * number + y) % 256);
  }
  return image;
}

double mean_of(const Image& image) {
  double sum = 0;
  for (const std::uint8_t pixel : image.pixels) sum += pixel;
  return sum / static_cast<double>(image.pixels.size());
}

/// A quarter turn to the right.
std::pair<Image, double> rotate(const Image& image) {
  Image turned{image.height, image.width, std::vector<std::uint8_t>(image.pixels.size())};
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      turned.pixels[turned.at(image.height - 1 - y, x)] = image.pixels[image.at(x, y)];
    }
  }
  const double mean = mean_of(turned);
  return {std::move(turned), mean};
}

void save(const Image& image, const std::filesystem::path& file) {
  std::ofstream out(file, std::ios::binary);
  out << "P5 " << image.width << " " << image.height << " 255\n";
  out.write(reinterpret_cast<const char*>(image.pixels.data()), static_cast<std::streamsize>(image.pixels.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

/// Whether three more turns give the image that it was.
bool comes_round(const shoal::Ref<Image>& original, const shoal::Ref<Image>& turned) {
  shoal::Ref<Image> image = turned;
  for (int turn = 0; turn < 3; ++turn) image = std::get<0>(shoal::unpack(shoal::submit(rotate, image)));
  return shoal::get(shoal::submit([](const Image& a, const Image& b) { return a == b; }, original, image));
}

}  // namespace

/// `rotate [FOLDER]`: saves the rotated images as PGM files in FOLDER.
int main(int argc, char** argv) {
  const shoal::Session session(argc, argv);
  constexpr int k_images = 8, k_size = 256;

  std::vector<shoal::Ref<Image>> originals, images;
  std::vector<shoal::Ref<double>> means;
  for (int i = 0; i < k_images; ++i) {
    originals.push_back(shoal::submit(paint, i, k_size));
    auto [image, mean] = shoal::unpack(shoal::submit(rotate, originals.back()));
    images.push_back(image);
    means.push_back(mean);
  }
  std::cout << "means:";
  for (const double mean : shoal::get(means)) std::cout << " " << mean;
  std::cout << "\n";

  bool all = true;
  for (std::size_t i = 0; i < images.size(); ++i) all = comes_round(originals[i], images[i]) && all;
  std::cout << (all ? "four turns give back every image\n" : "an image did not come round\n");

  if (argc > 1) {
    for (std::size_t i = 0; i < images.size(); ++i) {
      save(shoal::get(images[i]), std::filesystem::path(argv[1]) / (std::to_string(i) + ".pgm"));
    }
    std::cout << "saved " << images.size() << " images in " << argv[1] << "\n";
  }
  return all ? 0 : 1;
}
