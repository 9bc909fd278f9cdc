#include "node/workers.h"

#include <cassert>

namespace shoal::node {

/// From 1.
std::uint32_t Workers::next_number(ProcessId job) {
  if (job_of_.empty()) job_of_.emplace_back();
  job_of_.push_back(job);
  return static_cast<std::uint32_t>(job_of_.size() - 1);
}

ProcessId Workers::add_driver() {
  const std::uint32_t n = next_number({});
  return job_of_[n] = {node_, n};
}

ProcessId Workers::job_of(ProcessId process) const {
  return process.node == node_ && process.n < job_of_.size() ? job_of_[process.n] : process;
}

std::uint32_t Workers::add(ProcessId job) {
  const std::uint32_t n = next_number(job);
  workers_.emplace(n, Worker{.job = job});
  Job& of = jobs_[job];
  ++of.workers;
  ++of.starting;
  return n;
}

std::size_t Workers::starting(ProcessId job) const {
  const auto at = jobs_.find(job);
  return at == jobs_.end() ? 0 : at->second.starting;
}

const Workers::Worker* Workers::find(std::uint32_t n) const {
  const auto at = workers_.find(n);
  return at == workers_.end() ? nullptr : &at->second;
}

void Workers::set_idle(std::uint32_t n, Time now) {
  Worker& worker = workers_.at(n);
  assert(worker.phase != Phase::idle);
  leave_phase(n, worker);
  worker = {worker.job, Phase::idle, 0, now, ++idle_turns_};
  idle_.emplace(worker.idle_turn, n);
  jobs_.at(worker.job).idle.emplace(worker.idle_turn, n);
}

std::optional<std::uint32_t> Workers::take_idle(ProcessId job, std::uint64_t lease, std::uint32_t except) {
  const auto of = jobs_.find(job);
  if (of == jobs_.end()) return std::nullopt;
  auto last = of->second.idle.rbegin();
  if (last != of->second.idle.rend() && last->second == except) ++last;
  if (last == of->second.idle.rend()) return std::nullopt;
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
  Worker& worker = workers_.at(n);
  leave_phase(n, worker);
  if (--jobs_.at(worker.job).workers == 0) jobs_.erase(worker.job);
  workers_.erase(n);
}

std::optional<std::pair<std::uint32_t, Time>> Workers::longest_idle() const {
  if (idle_.empty()) return std::nullopt;
  const std::uint32_t n = idle_.begin()->second;
  return std::pair(n, workers_.at(n).idle_since);
}

void Workers::leave_phase(std::uint32_t n, Worker& worker) {
  Job& job = jobs_.at(worker.job);
  if (worker.phase == Phase::starting) --job.starting;
  if (worker.phase != Phase::idle) return;
  idle_.erase({worker.idle_turn, n});
  job.idle.erase({worker.idle_turn, n});
}

}  // namespace shoal::node
