#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/random.h"
#include "sim/world/process.h"

namespace shoal::sim {

enum class FaultKind : std::uint8_t {
  break_channel,  ///< What is under way between two processes is lost; the channel comes back.
  kill,           ///< A process is gone at once; what it sent last may be lost.
  pause,          ///< A process does nothing for a while.
  slow,           ///< Between two processes everything takes long for a while.
};
inline constexpr std::size_t k_fault_kinds = 4;

/// What is to go wrong in one run: each fault happens when so many messages have arrived.
struct FaultPlan {
  struct Fault {
    std::uint64_t at_message = 0;
    FaultKind kind{};
    friend auto operator<=>(const Fault&, const Fault&) = default;
  };
  std::vector<Fault> faults;  ///< By at_message.

  /// Each kind is on or off, and the kinds that are on have 1 to `each_max` faults within the first `messages`.
  static FaultPlan draw(Random& random, std::uint64_t messages, int each_max);
  std::uint64_t count(FaultKind kind) const;
};

/// How often each kind of fault really happened, and what it did.
struct FaultTally {
  std::uint64_t injected[k_fault_kinds] = {};
  std::uint64_t frames_lost = 0;  ///< With channels and processes.
  std::uint64_t postponed = 0;    ///< Arrivals at paused processes.

  FaultTally& operator+=(const FaultTally& other);
  std::uint64_t of(FaultKind kind) const { return injected[static_cast<std::size_t>(kind)]; }
  /// Which kind fell short of the plan; empty = none.
  std::string shortfall(const FaultPlan& plan) const;
};

}  // namespace shoal::sim
