#pragma once

#include <cstdint>
#include <string>

namespace shoal::inline v1 {

inline namespace literals {
consteval std::int64_t operator""_KiB(unsigned long long n) { return static_cast<std::int64_t>(n) << 10; }
consteval std::int64_t operator""_MiB(unsigned long long n) { return static_cast<std::int64_t>(n) << 20; }
consteval std::int64_t operator""_GiB(unsigned long long n) { return static_cast<std::int64_t>(n) << 30; }
}  // namespace literals

/// A byte count for people: "512 B", "7.3 MiB", "2.0 GiB".
std::string format_bytes(std::int64_t bytes);

}  // namespace shoal::inline v1
