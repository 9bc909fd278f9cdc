#include "data/io/http_escape.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace shoal::data {
namespace {

constexpr std::array<bool, 256> unreserved_bytes() {
  std::array<bool, 256> plain{};
  for (char c = 'a'; c <= 'z'; ++c) plain[static_cast<std::uint8_t>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) plain[static_cast<std::uint8_t>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) plain[static_cast<std::uint8_t>(c)] = true;
  for (const char c : {'-', '.', '_', '~'}) plain[static_cast<std::uint8_t>(c)] = true;
  return plain;
}
constexpr std::array<bool, 256> k_unreserved = unreserved_bytes();

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void append_escaped(std::string& out, std::string_view text, bool keep_slash) {
  static constexpr char digits[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (k_unreserved[byte] || (keep_slash && c == '/')) {
      out += c;
    } else {
      const char escaped[3] = {'%', digits[byte >> 4], digits[byte & 15]};
      out.append(escaped, 3);
    }
  }
}

std::string escape_query(std::string_view text) {
  std::string out;
  append_escaped(out, text, false);
  return out;
}

std::string escape_path(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  append_escaped(out, text, true);
  return out;
}

std::string unescape_form(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
    const int low = high >= 0 ? digit_of(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

void append_hex(std::string& out, std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
}

}  // namespace shoal::data
