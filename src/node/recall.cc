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

/// A worker that waits lends its CPU already, and who knows when it ends.
bool returns_nothing(const Lease& lease) {
  wire::Resources beside = lease.allocation.resources;
  beside.cpu = 0;
  return lease.allocation.lent && sched::is_zero(beside);
}

/// What keeps a demand from what is coming.
class Lack {
 public:
  Lack(const wire::Resources& demand, const Capacity& coming)
      : worker_(coming.lacks_worker()), amounts_(sched::amounts(demand)) {
    std::erase_if(amounts_, [&](const sched::Amount& each) { return !coming.lacks(each); });
  }
  /// Whether the lease returns some of it.
  bool is_less_with(const Allocation& allocation) const {
    if (worker_ && !allocation.lent) return true;
    return std::any_of(amounts_.begin(), amounts_.end(), [&](const sched::Amount& each) {
      const bool lends = allocation.lent && each.kind == sched::Amount::Kind::cpu;
      return !lends && sched::amount_of(allocation.resources, each) > 0;
    });
  }

 private:
  const bool worker_;
  std::vector<sched::Amount> amounts_;
};

/// One round: what is chosen changes what the lines are taken to hold.
class Round {
 public:
  Round(const Leases& leases, Time now, Time patience)
      : leases_(leases), now_(now), patience_(patience), coming_(leases.capacity()) {
    for (const auto& [id, lease] : leases.leases()) {
      if (lease.worker == 0) continue;
      if (lease.line == nullptr || lease.recalled) {
        coming_.give(lease.allocation);  // on its way
      } else if (const Line* line = leases.find(*lease.line); !line->actor && !returns_nothing(lease)) {
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
      if (victims_.empty()) break;
      if (is_in_vain(*waiter.line)) continue;
      const Capacity before = coming_;
      std::vector<Victim> taken;
      while (!coming_.fits(waiter.line->each) && take_one(*waiter.line, taken)) {}
      if (coming_.fits(waiter.line->each)) {
        coming_.take(waiter.line->each);
        for (const Victim& each : taken) ids.push_back(each.id);
        if (!taken.empty()) in_vain_.clear();
      } else {  // asked back for nothing: others would take it
        coming_ = before;
        for (const Victim& each : taken) undo(each);
        in_vain_.push_back(waiter.line);
      }
    }
    return ids;
  }

 private:
  bool is_young(const Line& waiter) const { return now_ - waiter.waits_since < patience_; }
  /// Whether one like it, which might have taken more, found nothing.
  bool is_in_vain(const Line& waiter) const {
    return std::any_of(in_vain_.begin(), in_vain_.end(), [&](const Line* other) {
      return other->each == waiter.each && other->priority == waiter.priority &&
             (is_young(waiter) || !is_young(*other));
    });
  }

  bool may_take(const Line& waiter, const Lack& lack, const Victim& victim) const {
    if (&waiter == victim.line || !lack.is_less_with(victim.lease->allocation)) return false;
    if (victim.line->wanted == 0) return true;
    if (is_young(waiter) || now_ - victim.lease->since < patience_) return false;
    return victim.line->priority < waiter.priority ||
           (victim.line->priority == waiter.priority && held_.at(victim.line) > leases_.held(waiter));
  }

  bool take_one(const Line& waiter, std::vector<Victim>& taken) {
    const auto rank = [&](const Victim& v) {
      return std::tuple(v.line->wanted > 0, v.line->priority, -held_.at(v.line), v.id);
    };
    const Lack lack(waiter.each, coming_);
    auto best = victims_.end();
    for (auto at = victims_.begin(); at != victims_.end(); ++at) {
      if (may_take(waiter, lack, *at) && (best == victims_.end() || rank(*at) < rank(*best))) best = at;
    }
    if (best == victims_.end()) return false;
    taken.push_back(*best);
    held_[best->line] -= leases_.cost(*best->line);
    coming_.give(best->lease->allocation);
    victims_.erase(best);
    return true;
  }

  void undo(const Victim& victim) {
    held_[victim.line] += leases_.cost(*victim.line);
    victims_.push_back(victim);
  }

  const Leases& leases_;
  const Time now_, patience_;
  Capacity coming_;                           // what is free, and what is on its way
  std::map<const Line*, std::int64_t> held_;  // found by line only, never walked
  std::vector<Victim> victims_;
  std::vector<Waiter> waiters_;
  std::vector<const Line*> in_vain_;  // those that found nothing since leases were chosen; no two alike
};

}  // namespace

std::vector<std::uint64_t> choose_recalls(const Leases& leases, Time now, Time patience) {
  if (leases.waiting() == 0) return {};
  return Round(leases, now, patience).choose();
}

}  // namespace shoal::node
