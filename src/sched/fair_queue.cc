#include "sched/fair_queue.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace shoal::sched {

FlowId FairQueue::add(std::int32_t priority, Resources each) {
  const FlowId id{++ids_};
  Flow& flow = flows_[id];
  flow.priority = priority;
  flow.cost = dominant_share(each, total_);
  flow.each = std::move(each);
  flow.turn = ++turns_;
  return id;
}

void FairQueue::remove(FlowId id) {
  const auto at = flows_.find(id);
  assert(at != flows_.end());
  if (at->second.waits) leave(id, at->second);
  flows_.erase(at);
}

void FairQueue::set_waits(FlowId id, bool waits) {
  Flow& flow = flows_.at(id);
  if (flow.waits == waits) return;
  flow.waits = waits;
  if (!waits) return leave(id, flow);
  flow.clock = std::max(flow.clock, clock_);
  flow.turn = ++turns_;
  enter(id, flow);
}

void FairQueue::took(FlowId id) {
  Flow& flow = flows_.at(id);
  if (flow.waits) leave(id, flow);
  clock_ = std::max(clock_, flow.clock);
  flow.held += flow.cost;
  flow.clock += flow.cost;
  flow.turn = ++turns_;
  if (flow.waits) enter(id, flow);
}

void FairQueue::gave_back(FlowId id) {
  Flow& flow = flows_.at(id);
  if (flow.waits) leave(id, flow);
  flow.held -= flow.cost;
  assert(flow.held >= 0);
  if (flow.waits) enter(id, flow);
}

std::optional<FlowId> FairQueue::next(const std::function<bool(const Resources&, std::int32_t)>& may) const {
  const Place* best = nullptr;
  for (const auto& [each, line] : lines_) {
    const Place& first = *line.begin();
    if ((best == nullptr || first < *best) && may(each, static_cast<std::int32_t>(-first.priority_below)))
      best = &first;
  }
  if (best == nullptr) return std::nullopt;
  return best->flow;
}

void FairQueue::enter(FlowId id, const Flow& flow) { lines_[flow.each].insert(place_of(id, flow)); }

void FairQueue::leave(FlowId id, const Flow& flow) {
  const auto line = lines_.find(flow.each);
  assert(line != lines_.end());
  line->second.erase(place_of(id, flow));
  if (line->second.empty()) lines_.erase(line);
}

}  // namespace shoal::sched
