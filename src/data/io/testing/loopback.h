#pragma once

#include <netinet/in.h>

#include <cstdint>

namespace shoal::data {

/// `port` of 127.0.0.1; 0 lets bind() choose one.
inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

}  // namespace shoal::data
