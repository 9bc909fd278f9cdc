#include <algorithm>

#include "sim/world/world.h"

namespace shoal::sim {

/// Carries out what the plan has for this moment. What finds no victim is tried again with the next message.
void World::inject_due() {
  const auto& faults = options_.faults.faults;
  next_fault_at_ = UINT64_MAX;
  while (next_fault_ < faults.size()) {
    if (faults[next_fault_].at_message > messages_) {
      next_fault_at_ = faults[next_fault_].at_message;
      return;
    }
    if (!inject(faults[next_fault_].kind)) {
      next_fault_at_ = messages_ + 1;
      return;
    }
    ++tally_.injected[static_cast<std::size_t>(faults[next_fault_].kind)];
    ++next_fault_;
  }
}

bool World::inject(FaultKind kind) {
  switch (kind) {
    case FaultKind::break_channel: return break_one();
    case FaultKind::kill: return kill_one();
    case FaultKind::pause: return pause_one();
    case FaultKind::slow: return slow_one();
  }
  return false;
}

/// A link of two living processes that has a channel.
World::Index World::pick_connected() {
  if (ports_.empty()) return k_none;
  const auto links = static_cast<Index>(ports_.size() / 2);
  const auto first = static_cast<Index>(random_.between(0, links - 1));
  for (Index tried = 0; tried < links; ++tried) {
    const Index port = 2 * ((first + tried) % links);
    if (ports_[port].channel == nullptr || ports_[port].channel->is_cut()) continue;
    if (owner(port).life == Life::alive && owner(port ^ 1).life == Life::alive) return port;
  }
  return k_none;
}

bool World::break_one() {
  const Index port = pick_connected();
  if (port == k_none) return false;
  trace_.add(now_, "break", {port});
  tally_.frames_lost += ports_[port].channel->cut();
  // Either end may call again, at times both, and before the other one has learned that the old channel is over.
  const Index caller = random_.chance(50) ? port : port ^ 1;
  const Time delay = random_.chance(30) ? 1 : random_.between(1, options_.reconnect_ns_max);
  push(now_ + delay, EventKind::reconnect, caller);
  if (random_.chance(20))
    push(now_ + delay + random_.between(0, options_.latency_ns), EventKind::reconnect, caller ^ 1);
  return true;
}

/// Half of them happen to who was given a message last, or said something: it has something to do.
bool World::kill_one() {
  const auto may_be_killed = [](const Resident& each) {
    return each.life == Life::alive && each.options.may_be_killed;
  };
  if (last_active_ != k_none && may_be_killed(residents_[last_active_]) && random_.chance(50)) {
    kill(residents_[last_active_].id, "killed");
    return true;
  }
  std::vector<ProcessId> victims;
  for (const Resident& each : residents_) {
    if (may_be_killed(each)) victims.push_back(each.id);
  }
  if (victims.empty()) return false;
  kill(victims[static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(victims.size()) - 1))], "killed");
  return true;
}

bool World::pause_one() {
  const auto count = static_cast<std::int64_t>(residents_.size());
  Resident& victim = residents_[static_cast<std::size_t>(random_.between(0, count - 1))];
  if (victim.life != Life::alive) return false;
  trace_.add(now_, "pause", {victim.id.node, victim.id.n});
  victim.paused_until = std::max(victim.paused_until, now_ + random_.between(1, options_.pause_ns_max));
  return true;
}

bool World::slow_one() {
  const Index port = pick_connected();
  if (port == k_none) return false;
  trace_.add(now_, "slow", {port});
  for (const Index end : {port, port ^ 1}) ports_[end].slow_until = now_ + random_.between(1, options_.slow_ns_max);
  return true;
}

}  // namespace shoal::sim
