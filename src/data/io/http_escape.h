#pragma once

#include <string>
#include <string_view>

namespace shoal::data {

/// Appends `text` percent-encoded as SigV4 wants it: all bytes but A-Z a-z 0-9 - . _ ~, and '/' where `keep_slash`.
void append_escaped(std::string& out, std::string_view text, bool keep_slash);
/// A query value or name.
std::string escape_query(std::string_view text);
/// A key as a path; slashes stay.
std::string escape_path(std::string_view text);
/// Undoes S3's `encoding-type=url`, where '+' is a blank. A '%' that no two hexadecimal digits follow stays.
std::string unescape_form(std::string_view text);
/// Lower-case hexadecimal digits.
void append_hex(std::string& out, std::string_view bytes);

}  // namespace shoal::data
