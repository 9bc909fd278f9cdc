#include "base/hex.h"

#include <cstdint>

namespace shoal {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void append_hex(std::string& out, std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
}

int hex_byte(std::string_view text) {
  if (text.size() < 2) return -1;
  const int high = digit_of(text[0]), low = digit_of(text[1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

}  // namespace shoal
