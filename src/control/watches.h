#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace shoal::control {

/// Which processes hear of which actors. No truth: who watches says so again after the control service was away.
class Watches {
 public:
  void add(const ActorId& actor, ProcessId watcher);
  void remove(const ActorId& actor, ProcessId watcher);
  /// Takes the watcher off everything; gives the actors it watched, in the order of ids.
  std::vector<ActorId> remove_watcher(ProcessId watcher);
  /// Takes everybody off the actor; gives who watched it, in the order of ids.
  std::vector<ProcessId> remove_actor(const ActorId& actor);

  bool is_watched(const ActorId& actor) const { return by_actor_.contains(actor); }
  const std::set<ProcessId>& of(const ActorId& actor) const;
  std::set<ProcessId> watchers_on(std::uint32_t node) const;
  std::size_t size() const { return by_watcher_.size(); }

 private:
  std::map<ActorId, std::set<ProcessId>> by_actor_;  // never an empty set
  std::set<std::pair<ProcessId, ActorId>> by_watcher_;
};

}  // namespace shoal::control
