#include "data/io/http_origin.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace shoal::data {
namespace {

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_' || c == ':';
  });
}

Status malformed(std::string_view url, const std::string& why) {
  const bool has_user = url.find('@') != std::string_view::npos;  // it may carry a password
  return Status(ErrorCode::invalid_argument, "endpoint " + (has_user ? "(not shown)" : '"' + std::string(url) + '"') +
                                                 ": " + why + "; write it as http://host:port or https://host:port");
}

}  // namespace

std::string HttpOrigin::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? 443 : 80) ? name : name + ":" + std::to_string(port);
}

std::string HttpOrigin::text() const { return (tls ? "https://" : "http://") + authority(); }

Result<HttpOrigin> parse_http_origin(std::string_view url) {
  HttpOrigin origin;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    origin.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return malformed(url, "the scheme is neither http nor https");
  }
  origin.port = origin.tls ? 443 : 80;
  while (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#@") != std::string_view::npos) {
    return malformed(url, "a user, path or query does not belong there");
  }
  std::string_view port;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return malformed(url, "a bracket is not closed");
    origin.host = std::string(rest.substr(1, end - 1));
    port = rest.substr(end + 1);
    if (!port.empty() && port.front() != ':') return malformed(url, "the address is followed by something strange");
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const std::size_t colon = rest.find(':');
    origin.host = std::string(rest.substr(0, colon));
    if (origin.host.find(':') != std::string::npos) return malformed(url, "bad host");
    if (colon != std::string_view::npos) port = rest.substr(colon + 1);
  }
  if (!is_host(origin.host)) return malformed(url, "the host name is empty or has strange letters");
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), origin.port);
    if (error != std::errc() || end != port.data() + port.size() || origin.port < 1 || origin.port > 65535) {
      return malformed(url, "the port is not a number from 1 to 65535");
    }
  }
  return origin;
}

}  // namespace shoal::data
