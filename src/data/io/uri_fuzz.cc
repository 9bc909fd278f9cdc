// Any text either parses or is refused; what parses as a file comes back through its URI, and no path that is made
// absolute keeps a way up.
#include "data/io/uri.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace sd = shoal::data;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  shoal::Result<sd::Uri> uri = sd::parse_uri(text);
  if (!uri.ok() || uri->scheme != sd::UriScheme::file) return 0;
  std::string path = sd::absolute_path(uri->path, "/work");
  if (!path.starts_with('/') || path.find("/../") != std::string::npos || path.ends_with("/..")) std::abort();
  shoal::Result<sd::Uri> again = sd::parse_uri(sd::file_uri(path));
  if (path.size() < 16000 && (!again.ok() || again->path != path)) std::abort();
  return 0;
}
