#include "node/workers.h"

#include <cassert>

namespace shoal::node {

std::uint32_t Workers::add() {
  workers_.emplace(++numbers_, Worker{});
  ++starting_;
  return numbers_;
}

const Workers::Worker* Workers::find(std::uint32_t n) const {
  const auto at = workers_.find(n);
  return at == workers_.end() ? nullptr : &at->second;
}

void Workers::set_idle(std::uint32_t n, Time now) {
  Worker& worker = workers_.at(n);
  assert(worker.phase != Phase::idle);
  leave_phase(n, worker);
  worker = {Phase::idle, 0, now, ++idle_turns_};
  idle_.emplace(worker.idle_turn, n);
}

std::optional<std::uint32_t> Workers::take_idle(std::uint64_t lease, std::uint32_t except) {
  auto last = idle_.rbegin();
  if (last != idle_.rend() && last->second == except) ++last;
  if (last == idle_.rend()) return std::nullopt;
  const std::uint32_t n = last->second;
  Worker& worker = workers_.at(n);
  leave_phase(n, worker);
  worker.phase = Phase::busy;
  worker.lease = lease;
  return n;
}

void Workers::set_stopping(std::uint32_t n) {
  Worker& worker = workers_.at(n);
  leave_phase(n, worker);
  worker.phase = Phase::stopping;
}

void Workers::remove(std::uint32_t n) {
  leave_phase(n, workers_.at(n));
  workers_.erase(n);
}

std::optional<std::pair<std::uint32_t, Time>> Workers::longest_idle() const {
  if (idle_.empty()) return std::nullopt;
  const std::uint32_t n = idle_.begin()->second;
  return std::pair(n, workers_.at(n).idle_since);
}

void Workers::leave_phase(std::uint32_t n, Worker& worker) {
  if (worker.phase == Phase::starting) --starting_;
  if (worker.phase == Phase::idle) idle_.erase({worker.idle_turn, n});
}

}  // namespace shoal::node
