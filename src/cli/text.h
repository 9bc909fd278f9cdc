#pragma once

#include <cstdint>
#include <string>

#include "wire/resources.h"

namespace shoal::cli {

/// "3 min 12 s", "2 d 4 h".
std::string duration(std::int64_t nanoseconds);
/// "7.6 GiB".
std::string bytes(std::uint64_t bytes);
std::string bytes(std::int64_t bytes);
/// "2 CPUs, 1 GPU, 7.6 GiB of memory, 2 license".
std::string resources(const wire::Resources& resources);
/// What a terminal would take for a command is shown as "?": it may come from programs and files.
std::string printable(std::string text);

}  // namespace shoal::cli
