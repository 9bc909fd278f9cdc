#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

/// Small files in which the system says numbers, and is told them.
namespace shoal::shell {

/// The number with which the file begins; not set for "max", and where it cannot be read.
std::optional<std::int64_t> number_in_file(const std::filesystem::path& path);

/// Of a file of lines "name value"; 0 where there is none.
std::int64_t value_in_file(const std::filesystem::path& path, const std::string& name);

/// In one piece, as the system wants it. An errno; 0 = it was taken.
int write_to(const std::filesystem::path& path, const std::string& text);

}  // namespace shoal::shell
