#pragma once

#include <string>
#include <string_view>

namespace shoal::data {

/// Appends `text` percent-encoded as SigV4 wants it: all bytes but A-Z a-z 0-9 - . _ ~, and '/' where `keep_slash`.
void append_escaped(std::string& out, std::string_view text, bool keep_slash);
/// A query value or name.
std::string escape_query(std::string_view text);
/// Undoes S3's `encoding-type=url`, where '+' is a blank. A '%' that no two hexadecimal digits follow stays.
std::string unescape_form(std::string_view text);
/// An ETag without its quotes, and without the W/ of a weak one.
std::string_view without_quotes(std::string_view etag);

}  // namespace shoal::data
