// Any bytes are a frame or are refused; what parses is printed in one line, and has no other spelling.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "wire/frame.h"
#include "wire/print.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, size);
  const shoal::Result<shoal::wire::Frame> frame = shoal::wire::parse(bytes);
  if (!frame.ok()) return 0;
  if (to_string(frame->message).find('\n') != std::string::npos) std::abort();
  std::vector<std::uint8_t> again;
  if (!append_frame(again, frame->message, frame->correlation).ok()) std::abort();
  if (again != std::vector<std::uint8_t>(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(frame->bytes))) {
    std::abort();
  }
  return 0;
}
