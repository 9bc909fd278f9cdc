#include "node/why.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "node/limits.h"

namespace shoal::node {
namespace {

std::string who(const LineKey& key, const Line& line) {
  if (key.is_actor) return "actor " + to_string(ActorId{key.owner, key.n});
  return fmt::format("{} wants {} more of kind {}", to_string(key.owner), line.wanted, key.n);
}

/// Those that use some of the resource: "n1.1 (2 leases), actor n1.1/a3".
std::string holders(const Leases& leases, const sched::Amount& resource) {
  std::map<std::string, std::size_t> counts;
  for (const auto& [id, lease] : leases.leases()) {
    const bool lends = lease.allocation.lent && resource.kind == sched::Amount::Kind::cpu;
    if (lends || sched::amount_of(lease.allocation.resources, resource) == 0) continue;
    if (lease.line == nullptr) {
      ++counts["workers that are being stopped"];
    } else if (lease.line->is_actor) {
      ++counts["actor " + to_string(ActorId{lease.line->owner, lease.line->n})];
    } else {
      ++counts[to_string(lease.line->owner)];
    }
  }
  std::string text;
  std::size_t named = 0;
  for (const auto& [name, count] : counts) {
    if (named++ == k_holders_named_max)
      return text + fmt::format(" and {} others", counts.size() - k_holders_named_max);
    text += (text.empty() ? "" : ", ") + name + (count > 1 ? fmt::format(" ({} leases)", count) : "");
  }
  return text;
}

std::string needs(const Leases& leases, const Line& line) {
  const Capacity& capacity = leases.capacity();
  for (const sched::Amount& each : sched::amounts(line.each)) {
    const std::int64_t available = sched::amount_of(capacity.available(), each);
    if (available >= each.amount) continue;
    const sched::Amount total{each.kind, each.name, sched::amount_of(capacity.total(), each)};
    const sched::Amount used{each.kind, each.name, total.amount - available};
    return fmt::format("needs {}; {} of {} are used by {}", sched::to_string(each), sched::number(used),
                       sched::to_string(total), holders(leases, each));
  }
  if (!capacity.has(line.each)) {
    const sched::Amount gpu{sched::Amount::Kind::gpu, {}, line.each.gpu};
    return fmt::format("needs {}; enough is free, but in parts, beside {}", sched::to_string(gpu),
                       holders(leases, gpu));
  }
  return fmt::format("needs a worker; {} are in use, which is the limit", leases.leases().size());
}

}  // namespace

std::vector<std::string> why_waiting(const Leases& leases) {
  std::vector<std::string> texts;
  for (const auto& [key, line] : leases.lines()) {
    if (line.waits()) {
      texts.push_back(who(key, line) + ": " + needs(leases, line));
    } else if (!line.promised.empty() && leases.capacity().is_over(line.each)) {
      texts.push_back(who(key, line) + ": more CPU is in use than there is, until a worker ends or waits again");
    } else if (!line.promised.empty()) {
      texts.push_back(who(key, line) + ": a worker starts for it");
    }
  }
  return texts;
}

std::string state_of(const Workers::Worker& worker, const Leases& leases) {
  const Lease* const lease = worker.lease == 0 ? nullptr : leases.find(worker.lease);
  switch (worker.phase) {
    case Workers::Phase::starting: return "starting";
    case Workers::Phase::idle: return "idle";
    case Workers::Phase::stopping: return "stopping";
    case Workers::Phase::busy: break;
  }
  if (lease == nullptr || lease->line == nullptr) return "busy";
  if (lease->line->is_actor) return "actor " + to_string(ActorId{lease->line->owner, lease->line->n});
  return (lease->allocation.lent ? "waiting for " : "busy for ") + to_string(lease->line->owner);
}

}  // namespace shoal::node
