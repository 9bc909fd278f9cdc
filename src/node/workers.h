#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/time.h"

namespace shoal::node {

/// The worker processes of one machine by number, and what each is there for: starting -> idle <-> busy, idle <-> stopping,
/// busy -> stopping -> gone. A number is never used again.
class Workers {
 public:
  enum class Phase : std::uint8_t { starting, idle, busy, stopping };
  struct Worker {
    Phase phase = Phase::starting;
    std::uint64_t lease = 0;  ///< While busy; while stopping, what ends with it; else 0.
    Time idle_since = 0;
    std::uint64_t idle_turn = 0;
  };

  /// Names a process that is no worker.
  std::uint32_t next_number() { return ++numbers_; }
  /// A new worker, which starts.
  std::uint32_t add();
  /// Null for those that are gone, or never were.
  const Worker* find(std::uint32_t n) const;

  /// Any other phase -> idle.
  void set_idle(std::uint32_t n, Time now);
  /// The idle worker that was busy last, but not `except`: its caches are warm, and the others may leave. idle -> busy.
  std::optional<std::uint32_t> take_idle(std::uint64_t lease, std::uint32_t except);
  void set_stopping(std::uint32_t n);
  void remove(std::uint32_t n);

  /// The one that is idle for the longest time, and since when.
  std::optional<std::pair<std::uint32_t, Time>> longest_idle() const;
  std::size_t starting() const { return starting_; }
  std::size_t idle() const { return idle_.size(); }
  std::size_t size() const { return workers_.size(); }

 private:
  void leave_phase(std::uint32_t n, Worker& worker);

  std::map<std::uint32_t, Worker> workers_;
  std::set<std::pair<std::uint64_t, std::uint32_t>> idle_;  // (turn, n): the first is idle for the longest time
  std::size_t starting_ = 0;
  std::uint32_t numbers_ = 0;
  std::uint64_t idle_turns_ = 0;
};

}  // namespace shoal::node
