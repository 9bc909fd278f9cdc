#pragma once

#include <cstddef>
#include <string>

namespace shoal {

/// Bytes that nobody guesses, at most 256 of them. Throws std::system_error where the system gives none.
void fill_random(void* bytes, std::size_t size);

/// 16 hexadecimal digits: a name that others can neither guess nor have taken.
std::string random_name();

}  // namespace shoal
