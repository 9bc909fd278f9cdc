// A text cut into ranges at any place gives the lines that the whole text gives.
#include "data/op/text_range.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace sd = shoal::data;

sd::Bytes bytes_of(std::string text) {
  auto owner = std::make_shared<std::string>(std::move(text));
  return sd::Bytes(owner, reinterpret_cast<const std::uint8_t*>(owner->data()), owner->size());
}

std::vector<std::string> lines_of(const std::string& text, std::int64_t range, std::int64_t after) {
  const auto size = static_cast<std::int64_t>(text.size());
  auto read = [&](std::int64_t offset, std::int64_t length) -> shoal::Result<sd::Bytes> {
    return bytes_of(text.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length)));
  };
  std::vector<std::string> lines;
  for (std::int64_t offset = 0; offset < size; offset += range) {
    sd::FetchedFile file{.path = "fuzz",
                         .size = size,
                         .etag = "",
                         .offset = offset,
                         .length = std::min(range, size - offset),
                         .bytes = {}};
    const std::int64_t begin = std::max<std::int64_t>(0, offset - sd::k_text_margin.before);
    file.bytes = read(begin, std::min(size, offset + file.length + after) - begin).value();
    sd::TextRange lines_in_range(file, read);
    while (true) {
      auto line = lines_in_range.next();
      if (!line.ok()) std::abort();
      if (!line->has_value()) break;
      lines.emplace_back((*line)->text);
    }
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 4096) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (text.starts_with("\xef\xbb\xbf")) return 0;  // real ranges are longer than the mark
  const auto whole = lines_of(text, static_cast<std::int64_t>(text.size()) + 1, 0);
  if (lines_of(text, 1 + data[0], data[1]) != whole) std::abort();
  return 0;
}
