#include "base/random_bytes.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "base/hex.h"

namespace shoal {

void fill_random(void* bytes, std::size_t size) {
  ssize_t got = 0;
  do { got = ::getrandom(bytes, size, 0); } while (got < 0 && errno == EINTR);
  // Up to 256 bytes come whole or not at all.
  if (got != static_cast<ssize_t>(size)) {
    throw std::system_error(errno, std::generic_category(), "the system gives no random bytes");
  }
}

std::string random_name() {
  std::array<char, 8> bytes{};
  fill_random(bytes.data(), bytes.size());
  std::string name;
  append_hex(name, {bytes.data(), bytes.size()});
  return name;
}

}  // namespace shoal
