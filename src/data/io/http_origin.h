#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/status.h"

namespace shoal::data {

/// Whom a request goes to: scheme, host and port. A value.
struct HttpOrigin {
  bool tls = false;
  std::string host;  ///< A name or an address; IPv6 without brackets.
  int port = 80;

  /// "host:port" as the Host header has it: without the scheme's own port.
  std::string authority() const;
  /// "https://host:port", for errors.
  std::string text() const;
  friend auto operator<=>(const HttpOrigin&, const HttpOrigin&) = default;
};

/// Reads "http://host[:port][/]". Errors: invalid_argument (another scheme, a path, user names, bad host or port).
Result<HttpOrigin> parse_http_origin(std::string_view url);

}  // namespace shoal::data
