#include "control/awaited.h"

#include <algorithm>
#include <utility>

namespace shoal::control {

bool Awaited::add(const ActorId& actor) {
  if (entries_.contains(actor)) return true;
  if (entries_.size() >= k_overtaken_max) return false;
  Entry& entry = entries_[actor];
  entry.turn = turns_++;
  by_turn_.emplace(entry.turn, actor);
  return true;
}

bool Awaited::is_killed(const ActorId& actor) const {
  const auto found = entries_.find(actor);
  return found != entries_.end() && found->second.kill.has_value();
}

std::optional<std::string> Awaited::remove(const ActorId& actor) {
  const auto found = entries_.find(actor);
  if (found == entries_.end()) return std::nullopt;
  std::optional<std::string> kill = std::move(found->second.kill);
  by_turn_.erase(found->second.turn);
  entries_.erase(found);
  return kill;
}

std::vector<ActorId> Awaited::of_creator(ProcessId creator) const {
  std::vector<ActorId> actors;
  for (auto at = entries_.lower_bound({creator, 0}); at != entries_.end() && at->first.owner == creator; ++at) {
    actors.push_back(at->first);
  }
  return actors;
}

std::set<ProcessId> Awaited::creators_on(std::uint32_t node) const {
  std::set<ProcessId> creators;
  for (auto at = entries_.lower_bound({ProcessId{node, 0}, 0}); at != entries_.end() && at->first.owner.node == node;
       ++at) {
    creators.insert(at->first.owner);
  }
  return creators;
}

std::vector<ActorId> Awaited::take_overdue(Time now) {
  now_ = std::max(now_, now);
  for (auto at = by_turn_.rbegin(); at != by_turn_.rend(); ++at) {
    Entry& entry = entries_.at(at->second);
    if (entry.deadline) break;
    entry.deadline = now_ + k_overtaken_wait_ns;
  }
  std::vector<ActorId> overdue;
  for (const auto& [turn, actor] : by_turn_) {
    if (*entries_.at(actor).deadline > now_) break;
    overdue.push_back(actor);
  }
  for (const ActorId& actor : overdue) remove(actor);
  return overdue;
}

std::optional<Time> Awaited::next_time() const {
  if (by_turn_.empty()) return std::nullopt;
  // Whoever has no deadline yet wants the time at once.
  if (!entries_.at(by_turn_.rbegin()->second).deadline) return now_;
  return entries_.at(by_turn_.begin()->second).deadline;
}

}  // namespace shoal::control
