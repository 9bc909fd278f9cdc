// Any bytes are either decoded or refused, and a reader that met bad ones reads good ones afterwards as before.
#include "data/op/image_reader.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

namespace sd = shoal::data;

void read(sd::ImageReader& reader, std::span<const std::uint8_t> bytes) {
  shoal::Result<sd::ImageExtents> extents = reader.open(bytes);
  if (!extents.ok() || extents->bytes() > (16 << 20)) return;
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(extents->bytes()));
  (void)reader.read(pixels).ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static sd::ImageReader rgb(sd::ImageMode::rgb, {});
  static sd::ImageReader small_gray(sd::ImageMode::gray, {5, 7});
  read(rgb, {data, size});
  read(small_gray, {data, size});
  return 0;
}
