#include "net/token.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <cstddef>
#include <stdexcept>
#include <string>

#include "base/hex.h"
#include "base/random_bytes.h"

namespace shoal::net {
namespace {

constexpr std::size_t k_token_bytes = 32;

}  // namespace

/// From the system rather than RAND_bytes(), which takes half a millisecond to set itself up and asks the same source.
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
    const int byte = hex_byte(digits.substr(2 * i));
    valid = byte >= 0;
    bytes[i] = static_cast<char>(byte);
  }
  Token token{Secret(std::move(bytes))};
  if (valid) return token;
  return Status(ErrorCode::invalid_argument, "a token is not valid: it is 64 hexadecimal digits, and this has " +
                                                 std::to_string(digits.size()) +
                                                 " characters or others than digits; take it from its file anew");
}

Secret Token::to_hex() const {
  std::string text;
  text.reserve(2 * k_token_bytes);  // never moved: a copy left behind would not be overwritten
  append_hex(text, bytes_.reveal());
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
