// Any bytes, to a caller or a listener: without the token nobody gets through, and nothing more than a hello is kept.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "net/handshake.h"

namespace {

using namespace shoal::net;

const Token k_token = Token::from_hex(std::string(64, '5')).value_or_throw();
constexpr Nonce k_nonce{9};

Identity identity(std::uint32_t n) {
  const std::array<std::uint8_t, 20> build{1, 2, 3};
  return {.process = {1, n}, .roles = Role::worker, .program = Program::of(build).value_or_throw()};
}

}  // namespace

/// The first byte says who reads and in which pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] / 2;
  Handshake handshake = data[0] % 2 == 0 ? Handshake::answer(k_token, identity(1), k_nonce)
                                         : Handshake::call(k_token, identity(1), {{1, 2}, 1}, k_nonce);
  std::span<const std::uint8_t> rest(data + 1, size - 1);
  while (!rest.empty() && handshake.wanted() > 0) {
    if (handshake.wanted() > k_hello_bytes_max) std::abort();
    const std::size_t n = std::min({piece, handshake.wanted(), rest.size()});
    handshake.on_bytes(rest.first(n));
    rest = rest.subspan(n);
  }
  if (handshake.is_done() || handshake.output().size() > 2 * k_hello_bytes_max) std::abort();
  if (handshake.status().ok() != (handshake.wanted() > 0)) std::abort();
  return 0;
}
