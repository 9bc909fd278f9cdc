#include "idx.h"

#include <stdexcept>

namespace mnist {
namespace {

constexpr std::int64_t k_image_header = 16;  // bytes before the first image

/// Opens an IDX file and reads its header: a magic number, then `rank` extents, each of four bytes, the largest first.
/// Returns the first extent: how many items follow.
std::size_t open_idx(std::ifstream& file, const std::string& path, std::uint32_t rank) {
  file.open(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + " cannot be opened; name the folder of the MNIST files with --digits");
  const auto next = [&file] {
    std::uint32_t number = 0;
    for (int i = 0; i < 4; ++i) number = number << 8 | static_cast<std::uint8_t>(file.get());
    return number;
  };
  const std::uint32_t magic = next();
  const std::size_t items = next();
  for (std::uint32_t i = 1; i < rank; ++i) next();
  if (!file || magic != (0x800 | rank)) throw std::runtime_error(path + " is no MNIST file; get it again");
  return items;
}

void read_bytes(std::ifstream& file, const std::string& path, std::uint8_t* bytes, std::size_t count) {
  if (!file.read(reinterpret_cast<char*>(bytes), static_cast<std::streamsize>(count))) {
    throw std::runtime_error(path + " is cut off; get it again");
  }
}

}  // namespace

IdxSet::IdxSet(const std::string& folder, const std::string& set) {
  const std::string stem = folder + "/" + (set == "train" ? "train" : "t10k");
  path_ = stem + "-images-idx3-ubyte";
  const std::size_t images = open_idx(images_, path_, 3);
  std::ifstream labels;
  labels_.resize(open_idx(labels, stem + "-labels-idx1-ubyte", 1));
  read_bytes(labels, stem + "-labels-idx1-ubyte", labels_.data(), labels_.size());
  if (images != labels_.size()) throw std::runtime_error(stem + "-*: images and labels do not match; get them again");
}

Image IdxSet::image(std::int64_t i) {
  Image pixels;
  images_.seekg(k_image_header + i * k_pixels);
  read_bytes(images_, path_, pixels.data(), pixels.size());
  return pixels;
}

}  // namespace mnist
