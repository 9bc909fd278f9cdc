#pragma once

#include <array>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

namespace mnist {

inline constexpr int k_side = 28;  // pixels of an image's height and width
inline constexpr int k_pixels = k_side * k_side;

using Image = std::array<std::uint8_t, k_pixels>;

/// One set of the original MNIST files, "train" or "test". Images are read when asked for.
/// Throws std::runtime_error naming the file where it is missing or is no such file.
class IdxSet {
 public:
  IdxSet(const std::string& folder, const std::string& set);

  std::int64_t size() const { return static_cast<std::int64_t>(labels_.size()); }
  int label(std::int64_t i) const { return labels_.at(static_cast<std::size_t>(i)); }
  Image image(std::int64_t i);

 private:
  std::string path_;
  std::ifstream images_;
  std::vector<std::uint8_t> labels_;
};

}  // namespace mnist
