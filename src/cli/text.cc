#include "cli/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace shoal::cli {

std::string duration(std::int64_t nanoseconds) {
  const std::int64_t seconds = std::max<std::int64_t>(0, nanoseconds / 1'000'000'000);
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d {} h", seconds / 86400, seconds / 3600 % 24);
}

std::string bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> k_units = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < k_units.size(); ++unit) amount /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", amount, k_units[unit]);
}

std::string bytes(std::int64_t amount) { return bytes(static_cast<std::uint64_t>(std::max<std::int64_t>(0, amount))); }

std::string resources(const wire::Resources& resources) {
  const auto amount = [](std::int64_t n) { return fmt::format("{:g}", static_cast<double>(n) / wire::k_one); };
  std::string text = amount(resources.cpu) + (resources.cpu == wire::k_one ? " CPU" : " CPUs");
  if (resources.gpu > 0) text += ", " + amount(resources.gpu) + (resources.gpu == wire::k_one ? " GPU" : " GPUs");
  if (resources.memory > 0) text += ", " + bytes(resources.memory) + " of memory";
  for (const wire::CustomAmount& each : resources.custom) text += ", " + amount(each.amount) + " " + each.name;
  return text;
}

std::string printable(std::string text) {
  const auto is_command = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::replace_if(text.begin(), text.end(), is_command, '?');
  return text;
}

}  // namespace shoal::cli
