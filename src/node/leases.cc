#include "node/leases.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace shoal::node {

const Line* Leases::find(const LineKey& key) const {
  const auto at = lines_.find(key);
  return at == lines_.end() ? nullptr : &at->second;
}

const Lease* Leases::find(std::uint64_t lease) const {
  const auto at = leases_.find(lease);
  return at == leases_.end() ? nullptr : &at->second;
}

void Leases::want(const LineKey& key, ProcessId job, const wire::Resources& each, std::int32_t priority,
                  std::uint32_t wanted, Time now) {
  auto at = lines_.find(key);
  if (at == lines_.end()) {
    if (wanted == 0) return;
    at = lines_.emplace(key, Line{}).first;
    at->second.job = job;
    ++lines_to_[job];
    at->second.flow = queue_.add(priority, each);
    at->second.each = each;
    at->second.priority = priority;
    by_flow_.emplace(at->second.flow, at);
  }
  Line& line = at->second;
  const bool waited = line.waits();
  line.wanted = wanted;
  while (line.promised.size() > wanted) {
    const std::uint64_t newest = *line.promised.rbegin();
    drop_promise(line, newest);
    capacity_.give(leases_.at(newest).allocation);
    queue_.gave_back(line.flow);
    leases_.erase(newest);
  }
  if (line.waits() && !waited) {
    line.waits_since = now;
    line.kept_for = 0;
  }
  settle(at);
}

std::vector<std::uint32_t> Leases::forget(const LineKey& key) {
  const auto at = lines_.find(key);
  if (at == lines_.end()) return {};
  std::vector<std::uint32_t> workers;
  for (const std::uint64_t id : at->second.granted) {
    Lease& lease = leases_.at(id);
    lease.line = nullptr;
    workers.push_back(lease.worker);
    queue_.gave_back(at->second.flow);
  }
  at->second.granted.clear();
  want(key, {}, {}, 0, 0, 0);
  return workers;
}

void Leases::drop_promise(Line& line, std::uint64_t id) {
  line.promised.erase(id);
  promised_.erase(id);
  const auto job = promised_to_.find(line.job);
  if (--job->second == 0) promised_to_.erase(job);
}

std::vector<LineKey> Leases::lines_of(ProcessId owner) const {
  std::vector<LineKey> keys;
  for (auto at = lines_.lower_bound({owner, false, 0}); at != lines_.end(); ++at) {
    if (at->first.owner != owner || at->first.is_actor) break;
    keys.push_back(at->first);
  }
  return keys;
}

bool Leases::promise_next(Time now) {
  if (waits_.empty() || capacity_.lacks_worker()) return false;
  const auto may = [this](const wire::Resources& each, std::int32_t priority) { return may_promise(each, priority); };
  const auto flow = capacity_.is_crowded() ? newest() : queue_.next(may);
  if (!flow) return false;
  const auto at = by_flow_.at(*flow);
  Line& line = at->second;
  const std::uint64_t id = ++ids_;
  leases_.emplace(id, Lease{.line = &at->first, .allocation = capacity_.take(line.each)});
  line.promised.insert(id);
  promised_.insert(id);
  ++promised_to_[line.job];
  line.waits_since = now;
  line.kept_for = 0;
  if (kept_ == *flow) kept_.reset();
  queue_.took(*flow);
  settle(at);
  return true;
}

/// Flows are numbered as they come.
std::optional<sched::FlowId> Leases::newest() const {
  const auto at = std::find_if(waits_.rbegin(), waits_.rend(), [this](sched::FlowId flow) {
    const Line& line = by_flow_.at(flow)->second;
    return may_promise(line.each, line.priority);
  });
  return at == waits_.rend() ? std::nullopt : std::optional(*at);
}

void Leases::adjust_workers() {
  std::size_t run = 0, wait = 0;
  for (const auto& [id, lease] : leases_) {
    if (lease.line != nullptr && lease.line->is_actor) continue;  // it may have nothing to do
    ++(lease.allocation.lent ? wait : run);
  }
  if (run > wait) return capacity_.remove_worker();
  const auto lacks_only_that = [this](sched::FlowId flow) { return capacity_.has(by_flow_.at(flow)->second.each); };
  if (capacity_.lacks_worker() && std::any_of(waits_.begin(), waits_.end(), lacks_only_that)) capacity_.add_worker();
}

void Leases::keep_for(const LineKey& key) {
  Line& line = lines_.at(key);
  assert(line.waits());
  ++line.kept_for;
  kept_ = line.flow;
}

bool Leases::may_promise(const wire::Resources& each, std::int32_t priority) const {
  return capacity_.fits(each) && leaves_room(each, priority);
}

bool Leases::leaves_room(const wire::Resources& each, std::int32_t priority) const {
  if (!kept_) return true;
  const Line& line = by_flow_.at(*kept_)->second;
  return priority > line.priority || each == line.each || capacity_.leaves(each, line.each);
}

const Lease& Leases::grant(std::uint64_t id, std::uint32_t worker, Time now) {
  Lease& lease = leases_.at(id);
  assert(lease.worker == 0 && lease.line != nullptr);
  const auto at = lines_.find(*lease.line);
  drop_promise(at->second, id);
  at->second.granted.insert(id);
  --at->second.wanted;
  lease.worker = worker;
  lease.since = now;
  settle(at);
  return lease;
}

void Leases::end(std::uint64_t id) {
  const auto ended = leases_.find(id);
  assert(ended != leases_.end() && ended->second.worker != 0);
  capacity_.give(ended->second.allocation);
  if (ended->second.line != nullptr) {
    const auto at = lines_.find(*ended->second.line);
    at->second.granted.erase(id);
    queue_.gave_back(at->second.flow);
    settle(at);
  }
  leases_.erase(ended);
}

void Leases::set_lent(std::uint64_t id, bool lent) {
  Allocation& allocation = leases_.at(id).allocation;
  if (lent) {
    capacity_.lend(allocation);
  } else {
    capacity_.take_back(allocation);
  }
}

void Leases::settle(std::map<LineKey, Line>::iterator at) {
  Line& line = at->second;
  const auto keep = [flow = line.flow](std::set<sched::FlowId>& set, bool in) {
    if (in) {
      set.insert(flow);
    } else {
      set.erase(flow);
    }
  };
  if (!line.waits() && kept_ == line.flow) kept_.reset();
  queue_.set_waits(line.flow, line.waits());
  keep(waits_, line.waits());
  keep(content_, line.wanted == 0 && !line.granted.empty() && !at->first.is_actor);
  if (line.wanted > 0 || !line.granted.empty()) return;
  queue_.remove(line.flow);
  by_flow_.erase(line.flow);
  if (const auto job = lines_to_.find(line.job); --job->second == 0) lines_to_.erase(job);
  lines_.erase(at);
}

std::string Leases::testing_fault() const {
  wire::Resources used;
  std::size_t promised = 0, waiting = 0;
  std::map<ProcessId, std::size_t> promised_to, lines_to;
  for (const auto& [id, lease] : leases_) {
    wire::Resources resources = lease.allocation.resources;
    if (lease.allocation.lent) resources.cpu = 0;
    sched::add(used, resources);
    promised += lease.worker == 0;
    if (lease.worker == 0 && lease.line == nullptr) return "a promise to nobody";
    if (lease.line == nullptr) continue;
    const Line* line = find(*lease.line);
    if (line == nullptr) return "a lease of a line that is gone";
    if ((lease.worker == 0 ? line->promised : line->granted).count(id) == 0) return "a lease its line does not know";
  }
  for (const auto& [key, line] : lines_) {
    waiting += line.waits();
    ++lines_to[line.job];
    if (!line.promised.empty()) promised_to[line.job] += line.promised.size();
    if (line.wanted < line.promised.size()) return "more is promised than wanted";
    if (line.wanted == 0 && line.granted.empty()) return "a line of no use";
    if (line.waits() && may_promise(line.each, line.priority)) return "what fits waits";
    const auto takes = static_cast<std::int64_t>(line.promised.size() + line.granted.size());
    if (held(line) != takes * cost(line)) return "the queue counts otherwise";
  }
  sched::add(used, capacity_.available());
  if (used != capacity_.total()) return "resources do not add up: " + sched::to_string(used);
  if (promised != promised_.size() || waiting != waits_.size()) return "a count is wrong";
  if (promised_to != promised_to_ || lines_to != lines_to_) return "a count of a job's is wrong";
  return {};
}

}  // namespace shoal::node
