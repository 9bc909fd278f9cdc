#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/secret.h"
#include "base/status.h"

namespace shoal::net {

using Mac = std::array<std::uint8_t, 32>;
using Nonce = std::array<std::uint8_t, 32>;

/// From the system's generator. Throws std::system_error where it has none.
Nonce random_nonce();

/// The 256 bits that all processes of a cluster know and nobody else. Cannot be formatted; overwritten when it dies. What
/// leaves the process of it is sign().
class Token {
 public:
  /// A new one, from the system's generator. Throws as random_nonce().
  static Token make();
  /// Of to_hex(): 64 digits, of either case. Errors: invalid_argument, without the text.
  static Result<Token> from_hex(std::string_view digits);
  /// For a file of mode 0600.
  Secret to_hex() const;

  /// HMAC-SHA-256 (RFC 2104) of `text` with the token as its key. The first in a process takes about a millisecond, which
  /// OpenSSL needs to set itself up; others 2 to 4 us.
  Mac sign(std::span<const std::uint8_t> text) const;

 private:
  explicit Token(Secret bytes) : bytes_(std::move(bytes)) {}
  Secret bytes_;
};

/// In a time that does not depend on where they differ.
bool are_equal(const Mac& a, const Mac& b);

}  // namespace shoal::net
