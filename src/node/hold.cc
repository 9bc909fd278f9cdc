#include "node/hold.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "node/limits.h"

namespace shoal::node {
namespace {

/// What would be free if all leases had ended, but those of actors.
wire::Resources without_leases(const Leases& leases) {
  wire::Resources left = leases.capacity().total();
  for (const auto& [id, lease] : leases.leases()) {
    if (lease.line != nullptr && lease.line->is_actor) sched::subtract(left, lease.allocation.resources);
  }
  return left;
}

/// Whether others can take piece by piece what the line needs at once.
bool can_be_passed(const Leases& leases, const Line& line) {
  for (const auto& [key, other] : leases.lines()) {
    if (other.priority <= line.priority && !sched::fits(line.each, other.each)) return true;
  }
  return false;
}

}  // namespace

void Hold::update(Leases& leases, Time now) {
  if (holds_ && leases.keeps() && now < until_) return;
  if (std::exchange(holds_, false)) {
    if (leases.keeps()) {
      until_ = now + length_;
      length_ = std::min(2 * length_, k_hold_ns_max);
    } else {
      until_ = now;
      length_ = patience_;
    }
    leases.keep_for_nobody();
  }
  if (now < until_ || leases.waiting() == 0) return;
  const wire::Resources most = without_leases(leases);
  const LineKey* first = nullptr;
  const auto rank = [&](const LineKey& key) {
    const Line& line = *leases.find(key);
    return std::tuple(-std::int64_t{line.priority}, line.kept_for, leases.held(line), line.waits_since, key);
  };
  for (const auto& [key, line] : leases.lines()) {
    if (!line.waits() || now - line.waits_since < patience_ || !sched::fits(line.each, most)) continue;
    if (first != nullptr && rank(*first) < rank(key)) continue;
    if (can_be_passed(leases, line)) first = &key;
  }
  if (first == nullptr) return;
  leases.keep_for(*first);
  holds_ = true;
  until_ = now + length_;
}

std::optional<Time> Hold::next_time(const Leases& leases) const {
  return leases.keeps() ? std::optional(until_) : std::nullopt;
}

}  // namespace shoal::node
