#include "control/watches.h"

namespace shoal::control {

void Watches::add(const ActorId& actor, ProcessId watcher) {
  by_actor_[actor].insert(watcher);
  by_watcher_.emplace(watcher, actor);
}

void Watches::remove(const ActorId& actor, ProcessId watcher) {
  if (by_watcher_.erase({watcher, actor}) == 0) return;
  const auto found = by_actor_.find(actor);
  found->second.erase(watcher);
  if (found->second.empty()) by_actor_.erase(found);
}

std::vector<ActorId> Watches::remove_watcher(ProcessId watcher) {
  std::vector<ActorId> watched;
  for (auto at = by_watcher_.lower_bound({watcher, ActorId{}}); at != by_watcher_.end() && at->first == watcher; ++at) {
    watched.push_back(at->second);
  }
  for (const ActorId& actor : watched) remove(actor, watcher);
  return watched;
}

std::vector<ProcessId> Watches::remove_actor(const ActorId& actor) {
  const std::set<ProcessId>& watching = of(actor);
  std::vector<ProcessId> watchers(watching.begin(), watching.end());
  for (const ProcessId watcher : watchers) remove(actor, watcher);
  return watchers;
}

const std::set<ProcessId>& Watches::of(const ActorId& actor) const {
  static const std::set<ProcessId> nobody;
  const auto found = by_actor_.find(actor);
  return found == by_actor_.end() ? nobody : found->second;
}

std::set<ProcessId> Watches::watchers_on(std::uint32_t node) const {
  std::set<ProcessId> watchers;
  for (auto at = by_watcher_.lower_bound({ProcessId{node, 0}, ActorId{}});
       at != by_watcher_.end() && at->first.node == node; ++at) {
    watchers.insert(at->first);
  }
  return watchers;
}

}  // namespace shoal::control
