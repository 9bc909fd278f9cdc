#include "data/exec/figures.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

namespace shoal::data {

std::string format_grouped(std::int64_t n) {
  const std::string digits = std::to_string(n);
  const std::size_t first = n < 0 ? 1 : 0;
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > first && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string format_short(double n) {
  static constexpr std::array<const char*, 5> suffixes = {"", "k", "M", "G", "T"};
  if (n < 9999.5) return n < 99.95 && n != std::floor(n) ? fmt::format("{:.1f}", n) : fmt::format("{:.0f}", n);
  std::size_t suffix = 0;
  while (n >= 999.95 && suffix + 1 < suffixes.size()) {
    n /= 1000;
    ++suffix;
  }
  return fmt::format("{:.{}f}{}", n, n < 99.95 ? 1 : 0, suffixes[suffix]);
}

std::string format_duration(std::int64_t ns) {
  if (ns < 1000) return fmt::format("{} ns", ns);
  static constexpr std::array<std::pair<double, const char*>, 3> units = {{{1e3, "us"}, {1e6, "ms"}, {1e9, "s"}}};
  const auto value = static_cast<double>(ns);
  for (const auto& [scale, unit] : units) {
    const double scaled = value / scale;
    if (scaled < 9.995) return fmt::format("{:.2f} {}", scaled, unit);
    if (scaled < 99.95) return fmt::format("{:.1f} {}", scaled, unit);
    if (scaled < 999.5 && scale < 1e9) return fmt::format("{:.0f} {}", scaled, unit);
  }
  return format_clock(value / 1e9) + (value < 3600e9 ? " min" : " h");
}

std::string format_clock(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "-";
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace shoal::data
