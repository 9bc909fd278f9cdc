#pragma once

#include <string>
#include <string_view>

namespace shoal {

/// Lower-case hexadecimal digits, two a byte. What is reserved is not moved.
void append_hex(std::string& out, std::string_view bytes);
/// The byte that the first two characters of `text` spell, in either case; -1 where they are no digits.
int hex_byte(std::string_view text);

}  // namespace shoal
