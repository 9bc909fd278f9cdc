#include "sim/cluster/granted_cpus.h"

#include <variant>

namespace shoal::sim::cluster {

void GrantedCpus::heard(ProcessId from, const wire::Message& message) {
  if (const auto* demand = std::get_if<wire::LeaseDemand>(&message)) {
    wanted_[{from, demand->kind}] = demand->resources.cpu;
  } else if (const auto* state = std::get_if<wire::WorkerWaits>(&message)) {
    if (const auto found = by_worker_.find(from); found != by_worker_.end()) found->second.lent = state->waits;
  } else if (const auto* back = std::get_if<wire::LeaseReturn>(&message)) {
    std::erase_if(by_worker_,
                  [&](const auto& each) { return each.second.lease == back->lease && each.second.holder == from; });
  }
}

void GrantedCpus::said(const wire::Envelope& envelope) {
  if (const auto* grant = std::get_if<wire::LeaseGrant>(&envelope.message)) {
    granted(grant->worker, {wanted_[{envelope.peer, grant->kind}], envelope.peer, grant->lease});
  } else if (const auto* host = std::get_if<wire::HostActor>(&envelope.message)) {
    granted(envelope.peer, {host->spec->constructor.resources.cpu, {}, 0});
  }
}

void GrantedCpus::granted(ProcessId worker, const Grant& grant) {
  by_worker_[worker] = grant;
  if (grant.cpu == 0) return;
  std::int64_t used = 0;
  for (const auto& [each, has] : by_worker_) used += has.lent ? 0 : has.cpu;
  if (used > total_) fault_ = to_string(worker) + " was granted a CPU that there is not";
}

}  // namespace shoal::sim::cluster
