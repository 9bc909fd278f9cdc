#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/resources.h"

/// Arithmetic over wire::Resources, exact. Sums are exact and cannot overflow as long as each amount is one that `fault`
/// accepts and at most 4,096 of them are added. All are O(custom names).
namespace shoal::sched {

using wire::Resources;

/// 1 PiB, a hundred thousand million CPUs: more is a mistake.
inline constexpr std::int64_t k_amount_max = std::int64_t{1} << 50;

/// Why these cannot be resources (an amount below 0 or over k_amount_max, a custom one without a name), for people.
std::optional<std::string> fault(const Resources& resources);
/// With its custom amounts in order: sorted, one for each name, none of 0. What comes from another process may be otherwise.
Resources normalised(Resources resources);

bool is_zero(const Resources& resources);
/// Whether `available` has what `demand` uses. What a demand does not use does not matter, even where less than nothing
/// of it is left.
bool fits(const Resources& demand, const Resources& available);
void add(Resources& to, const Resources& what);
/// May leave less than nothing.
void subtract(Resources& from, const Resources& what);
/// With 0 in the place of what is less than nothing.
Resources at_least_zero(Resources resources);

/// The largest part of `total` that `demand` takes of one resource, in millionths, at least 1: what a demand costs where
/// shares are compared.
std::int64_t dominant_share(const Resources& demand, const Resources& total);

/// Some order of all values, the same everywhere.
struct Less {
  bool operator()(const Resources& a, const Resources& b) const;
};

/// One resource and its amount.
struct Amount {
  enum class Kind : std::uint8_t { cpu, gpu, memory, custom };
  Kind kind = Kind::cpu;
  std::string_view name;  ///< Of a custom one; a view of where it was taken from.
  std::int64_t amount = 0;
};
/// Those that are not 0: CPU, GPU, memory, then custom ones by name.
std::vector<Amount> amounts(const Resources& resources);
/// How much there is of the same resource.
std::int64_t amount_of(const Resources& resources, const Amount& which);

/// "0.5 GPU", "1 GiB memory", "3 licences".
std::string to_string(const Amount& amount);
/// "2 CPU, 0.5 GPU, 1 GiB memory, 3 licences"; "nothing" where all is 0.
std::string to_string(const Resources& resources);
/// The number alone: "0.5", "1 GiB".
std::string number(const Amount& amount);

}  // namespace shoal::sched
