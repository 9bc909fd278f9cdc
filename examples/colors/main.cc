// A function for each object of a bucket: it gets a handle, opens the object where it runs, and finds the image's
// dominant colour. Listing, connections and credentials are Shoal's business. `colors URI` looks at the binary PPM
// images below URI; without one it paints three in a temporary folder first.
#include <shoal/data.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sd = shoal::data;

namespace {

struct Color {
  std::string key;
  std::string color;
  double share = 0;  // of the image's pixels
};

/// A row of list_objects() is an object handle: uri, key, size and etag.
Color dominant_color(const sd::ObjectHandle& object) {
  static constexpr std::array<const char*, 8> names = {"black", "blue",    "green",  "cyan",
                                                       "red",   "magenta", "yellow", "white"};
  const sd::Bytes file = object.read();
  std::string_view pixels = file.view();
  for (int field = 0; field < 4; ++field)
    pixels.remove_prefix(std::min(pixels.find_first_of(" \n") + 1, pixels.size()));
  std::array<std::int64_t, 8> counts{};
  for (; pixels.size() >= 3; pixels.remove_prefix(3)) {
    const auto bright = [&](std::size_t i) {
      return static_cast<std::size_t>(static_cast<std::uint8_t>(pixels[i]) >> 7);
    };
    ++counts[bright(0) << 2 | bright(1) << 1 | bright(2)];
  }
  const auto most = std::max_element(counts.begin(), counts.end());
  std::int64_t all = 0;
  for (const std::int64_t count : counts) all += count;
  return {object.key, names[static_cast<std::size_t>(most - counts.begin())],
          static_cast<double>(*most) / static_cast<double>(std::max<std::int64_t>(all, 1))};
}

/// Three images of 8 x 8 pixels: all of one colour but the first row, which is black.
std::string paint() {
  std::string folder = std::filesystem::temp_directory_path() / "shoal-colors-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder: " + folder);
  const sd::Storage bucket = sd::storage(folder);
  const auto image = [](std::string_view pixel) {
    std::string file = "P6 8 8 255\n" + std::string(3 * 8, '\0');
    for (int i = 0; i < 7 * 8; ++i) file += pixel;
    return file;
  };
  bucket.put("images/desert.ppm", image("\xf0\xd0\x40"));
  bucket.put("images/forest.ppm", image("\x20\xa0\x30"));
  bucket.put("images/sea.ppm", image("\x10\x40\xc0"));
  return folder;
}

void show_colors(const std::string& uri) {
  for (const Color& image : sd::list_objects(uri).map(dominant_color).iter_rows<Color>()) {
    std::cout << image.key << ": " << image.color << ", " << 100 * image.share << " % of its pixels\n";
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string painted = argc > 1 ? "" : paint();
  int status = 0;
  try {
    show_colors(argc > 1 ? argv[1] : painted + "/images/");
  } catch (const std::exception& error) {
    std::cerr << "colors: " << error.what() << "\n";
    status = 1;
  }
  if (!painted.empty()) std::filesystem::remove_all(painted);
  return status;
}
