#include "data/io/http_escape.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/hex.h"

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

std::string_view without_quotes(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') return etag.substr(1, etag.size() - 2);
  return etag;
}

std::string unescape_form(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int byte = text[i] == '%' ? hex_byte(text.substr(i + 1)) : -1;
    if (byte >= 0) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace shoal::data
