#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace shoal::wire {

/// Amounts are counted in ten thousandths of one, so that fractions add up exactly.
inline constexpr std::int64_t k_one = 10'000;

struct CustomAmount {
  std::string name;
  std::int64_t amount = 0;  ///< In k_one.
  friend bool operator==(const CustomAmount&, const CustomAmount&) = default;
};

/// What something needs, or has. `custom` is sorted by name and holds no amount of 0.
struct Resources {
  std::int64_t cpu = 0;     ///< In k_one.
  std::int64_t gpu = 0;     ///< In k_one.
  std::int64_t memory = 0;  ///< Bytes.
  std::vector<CustomAmount> custom{};
  friend bool operator==(const Resources&, const Resources&) = default;
};

}  // namespace shoal::wire
