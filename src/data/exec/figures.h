#pragma once

#include <cstdint>
#include <string>

namespace shoal::data {

/// Figures for people, as bars and stats print them. All are ASCII.

std::string format_grouped(std::int64_t n);  ///< "70,000"
std::string format_short(double n);          ///< at most 5 characters up to 999 trillion: "7", "22.5", "9999", "70.0k"
std::string format_duration(std::int64_t ns);  ///< "812 ns", "1.02 ms", "8.12 s", "3:05 min", "2:03:05 h"
std::string format_clock(double seconds);      ///< of what is left: "0:02", "1:02:03"; "-" where it is not known (< 0)

}  // namespace shoal::data
