#include "node/recall.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace shoal::node {
namespace {

/// A lease that could be asked back.
struct Victim {
  std::uint64_t id = 0;
  const Lease* lease = nullptr;
  const Line* line = nullptr;
};
struct Waiter {
  const LineKey* key = nullptr;
  const Line* line = nullptr;
};

wire::Resources returns(const Lease& lease) {
  wire::Resources resources = lease.allocation.resources;
  if (lease.allocation.lent) resources.cpu = 0;
  return resources;
}

/// Whether the lease returns something that the demand lacks.
bool is_of_use(const Lease& lease, const wire::Resources& demand, const wire::Resources& available) {
  const wire::Resources returned = returns(lease);
  for (const sched::Amount& each : sched::amounts(demand)) {
    if (sched::amount_of(available, each) < each.amount && sched::amount_of(returned, each) > 0) return true;
  }
  return false;
}

/// One round: what is chosen changes what the lines are taken to hold.
class Round {
 public:
  Round(const Leases& leases, Time now, Time patience)
      : leases_(leases), now_(now), patience_(patience), coming_(leases.capacity().available()) {
    for (const auto& [id, lease] : leases.leases()) {
      if (lease.worker == 0) continue;
      if (lease.line == nullptr || lease.recalled) {
        sched::add(coming_, returns(lease));  // on its way
      } else if (const Line* line = leases.find(*lease.line); !line->actor) {
        victims_.push_back({id, &lease, line});
      }
    }
    for (const auto& [key, line] : leases.lines()) {
      held_[&line] = leases.held(line);
      if (line.waits()) waiters_.push_back({&key, &line});
    }
    std::sort(waiters_.begin(), waiters_.end(), [&](const Waiter& a, const Waiter& b) {
      const auto rank = [&](const Waiter& w) {
        return std::tuple(-std::int64_t{w.line->priority}, leases_.held(*w.line), w.line->waits_since, *w.key);
      };
      return rank(a) < rank(b);
    });
  }

  std::vector<std::uint64_t> choose() {
    std::vector<std::uint64_t> ids;
    for (const Waiter& waiter : waiters_) {
      std::vector<Victim> taken;
      while (!sched::fits(waiter.line->each, coming_) && take_one(*waiter.line, taken)) {}
      if (sched::fits(waiter.line->each, coming_)) {
        sched::subtract(coming_, waiter.line->each);
        for (const Victim& each : taken) ids.push_back(each.id);
      } else {
        for (const Victim& each : taken) undo(each);  // asked back for nothing: others would take it
      }
    }
    return ids;
  }

 private:
  bool may_take(const Line& waiter, const Victim& victim) const {
    if (&waiter == victim.line || !is_of_use(*victim.lease, waiter.each, coming_)) return false;
    if (victim.line->wanted == 0) return true;
    if (now_ - waiter.waits_since < patience_ || now_ - victim.lease->since < patience_) return false;
    return victim.line->priority < waiter.priority ||
           (victim.line->priority == waiter.priority && held_.at(victim.line) > leases_.held(waiter));
  }

  bool take_one(const Line& waiter, std::vector<Victim>& taken) {
    const auto rank = [&](const Victim& v) {
      return std::tuple(v.line->wanted > 0, v.line->priority, -held_.at(v.line), v.id);
    };
    auto best = victims_.end();
    for (auto at = victims_.begin(); at != victims_.end(); ++at) {
      if (may_take(waiter, *at) && (best == victims_.end() || rank(*at) < rank(*best))) best = at;
    }
    if (best == victims_.end()) return false;
    taken.push_back(*best);
    held_[best->line] -= leases_.cost(*best->line);
    sched::add(coming_, returns(*best->lease));
    victims_.erase(best);
    return true;
  }

  void undo(const Victim& victim) {
    held_[victim.line] += leases_.cost(*victim.line);
    sched::subtract(coming_, returns(*victim.lease));
    victims_.push_back(victim);
  }

  const Leases& leases_;
  const Time now_, patience_;
  wire::Resources coming_;                    // available, and what is on its way
  std::map<const Line*, std::int64_t> held_;  // found by line only, never walked
  std::vector<Victim> victims_;
  std::vector<Waiter> waiters_;
};

}  // namespace

std::vector<std::uint64_t> choose_recalls(const Leases& leases, Time now, Time patience) {
  if (leases.waiting() == 0) return {};
  return Round(leases, now, patience).choose();
}

}  // namespace shoal::node
