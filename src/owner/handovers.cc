#include "owner/handovers.h"

namespace shoal::owner {
namespace {

RunKey maker_of(ProcessId owner, const wire::Following& following) {
  return {{owner, following.task}, following.attempt};
}

}  // namespace

bool Handovers::expect_last(const RunKey& maker) {
  if (last_ != maker) return false;
  Wanted& wanted = wanted_[maker];
  ++wanted.followers;
  wanted.results = {last_result_};
  return true;
}

void Handovers::give(const RunKey& maker, const std::vector<Payload>& results) {
  if (const auto wanted = wanted_.find(maker); wanted != wanted_.end()) wanted->second.results = results;
  if (results.size() != 1 || results[0].total_bytes() > Payload::k_inline_max) return;
  last_ = maker;
  last_result_ = results[0];
}

bool Handovers::take(wire::PushTask& push) {
  bool has_all = true;
  for (const wire::Following& following : push.following) {
    const auto wanted = wanted_.find(maker_of(push.task.owner, following));
    const bool has = wanted != wanted_.end() && following.result < wanted->second.results.size() &&
                     following.place < push.resolved.size();
    if (has) push.resolved[following.place] = wanted->second.results[following.result];
    has_all = has_all && has;
  }
  forget(push.task.owner, push.following);
  return has_all;
}

void Handovers::forget(ProcessId owner, std::span<const wire::Following> following) {
  for (const wire::Following& each : following) release(maker_of(owner, each));
}

void Handovers::release(const RunKey& maker) {
  const auto wanted = wanted_.find(maker);
  if (wanted != wanted_.end() && --wanted->second.followers == 0) wanted_.erase(wanted);
}

}  // namespace shoal::owner
