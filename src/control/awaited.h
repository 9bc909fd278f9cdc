#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/limits.h"

namespace shoal::control {

/// Actors that were watched or killed before their CreateActor came: a handle may reach another process, and that
/// process's message the control service, sooner than the creator's. Each waits for a bounded time, which begins with the
/// first time that is heard after it was added.
class Awaited {
 public:
  /// False where there are too many.
  bool add(const ActorId& actor);
  /// Precondition: it was added.
  void kill(const ActorId& actor, const std::string& cause) { entries_.at(actor).kill = cause; }
  bool contains(const ActorId& actor) const { return entries_.contains(actor); }
  bool is_killed(const ActorId& actor) const;
  /// It came, or nobody waits any more. Gives the cause with which it was killed.
  std::optional<std::string> remove(const ActorId& actor);

  /// Those that will never come, in the order of ids; they stay until they are removed.
  std::vector<ActorId> of_creator(ProcessId creator) const;
  std::set<ProcessId> creators_on(std::uint32_t node) const;
  /// Sets the time; takes out those whose wait is over, in the order in which they were added.
  std::vector<ActorId> take_overdue(Time now);
  /// When take_overdue() has something to do; in the past = now.
  std::optional<Time> next_time() const;
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t turn = 0;
    std::optional<Time> deadline;
    std::optional<std::string> kill;
  };
  std::map<ActorId, Entry> entries_;
  std::map<std::uint64_t, ActorId> by_turn_;  // so by deadline too: those without one come last
  std::uint64_t turns_ = 0;
  Time now_ = 0;
};

}  // namespace shoal::control
