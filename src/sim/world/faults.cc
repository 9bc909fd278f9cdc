#include "sim/world/faults.h"

#include <algorithm>

namespace shoal::sim {

FaultPlan FaultPlan::draw(Random& random, std::uint64_t messages, int each_max) {
  FaultPlan plan;
  for (std::size_t kind = 0; kind < k_fault_kinds; ++kind) {
    if (random.chance(50)) continue;
    for (std::int64_t left = random.between(1, each_max); left > 0; --left) {
      const std::int64_t at = random.between(1, static_cast<std::int64_t>(messages));
      plan.faults.push_back({static_cast<std::uint64_t>(at), static_cast<FaultKind>(kind)});
    }
  }
  std::ranges::sort(plan.faults);
  return plan;
}

std::uint64_t FaultPlan::count(FaultKind kind) const {
  return static_cast<std::uint64_t>(std::ranges::count(faults, kind, &Fault::kind));
}

FaultTally& FaultTally::operator+=(const FaultTally& other) {
  for (std::size_t kind = 0; kind < k_fault_kinds; ++kind) injected[kind] += other.injected[kind];
  frames_lost += other.frames_lost;
  postponed += other.postponed;
  return *this;
}

std::string FaultTally::shortfall(const FaultPlan& plan) const {
  static constexpr const char* k_names[k_fault_kinds] = {"break_channel", "kill", "pause", "slow"};
  for (std::size_t kind = 0; kind < k_fault_kinds; ++kind) {
    const std::uint64_t planned = plan.count(static_cast<FaultKind>(kind));
    if (injected[kind] >= planned) continue;
    return std::string(k_names[kind]) + ": " + std::to_string(injected[kind]) + " of " + std::to_string(planned) +
           " faults happened";
  }
  return {};
}

}  // namespace shoal::sim
