#include "net/token.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <system_error>

namespace shoal::net {
namespace {

constexpr std::size_t k_token_bytes = 32;

/// getrandom() rather than RAND_bytes(), which takes half a millisecond to set itself up and asks the same source.
void fill_random(void* bytes, std::size_t size) {
  ssize_t got = 0;
  do { got = ::getrandom(bytes, size, 0); } while (got < 0 && errno == EINTR);
  // Up to 256 bytes come whole or not at all.
  if (got != static_cast<ssize_t>(size)) {
    throw std::system_error(errno, std::generic_category(), "the system gives no random bytes");
  }
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Nonce random_nonce() {
  Nonce nonce;
  fill_random(nonce.data(), nonce.size());
  return nonce;
}

Token Token::make() {
  std::string bytes(k_token_bytes, '\0');
  fill_random(bytes.data(), bytes.size());
  return Token(Secret(std::move(bytes)));
}

Result<Token> Token::from_hex(std::string_view digits) {
  std::string bytes(k_token_bytes, '\0');
  bool valid = digits.size() == 2 * k_token_bytes;
  for (std::size_t i = 0; valid && i < k_token_bytes; ++i) {
    const int high = digit_of(digits[2 * i]), low = digit_of(digits[2 * i + 1]);
    valid = high >= 0 && low >= 0;
    bytes[i] = static_cast<char>(high << 4 | low);
  }
  Token token{Secret(std::move(bytes))};
  if (valid) return token;
  return Status(ErrorCode::invalid_argument, "a token is not valid: it is 64 hexadecimal digits, and this has " +
                                                 std::to_string(digits.size()) +
                                                 " characters or others than digits; take it from its file anew");
}

Secret Token::to_hex() const {
  static constexpr char k_digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * k_token_bytes);  // never moved: a copy left behind would not be overwritten
  for (const char c : bytes_.reveal()) {
    const auto byte = static_cast<std::uint8_t>(c);
    text += k_digits[byte >> 4];
    text += k_digits[byte & 15];
  }
  return Secret(std::move(text));
}

Mac Token::sign(std::span<const std::uint8_t> text) const {
  Mac mac;
  unsigned size = mac.size();
  const std::string_view key = bytes_.reveal();
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), text.data(), text.size(), mac.data(), &size) ==
      nullptr) {
    throw std::runtime_error("OpenSSL gives no HMAC-SHA-256; check its configuration");
  }
  return mac;
}

bool are_equal(const Mac& a, const Mac& b) { return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

}  // namespace shoal::net
