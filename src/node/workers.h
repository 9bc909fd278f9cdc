#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <shoal/base/ids.h>

#include "base/time.h"

namespace shoal::node {

/// The worker processes of one machine by number, and what each is there for: starting -> idle <-> busy, idle <-> stopping,
/// busy -> stopping -> gone. A number is never used again. Each belongs to a *job*, which is a driver: a worker is that
/// driver's program, so no other job's tasks run in it.
class Workers {
 public:
  enum class Phase : std::uint8_t { starting, idle, busy, stopping };
  struct Worker {
    ProcessId job{};
    Phase phase = Phase::starting;
    std::uint64_t lease = 0;  ///< While busy; while stopping, what ends with it; else 0.
    Time idle_since = 0;
    std::uint64_t idle_turn = 0;
  };

  explicit Workers(std::uint32_t node) : node_(node) {}

  /// Names a driver, which begins a job.
  ProcessId add_driver();
  /// The job of a process of this machine, gone or not. One of another machine counts as a job of its own.
  ProcessId job_of(ProcessId process) const;
  /// A new worker, which starts.
  std::uint32_t add(ProcessId job);
  /// Null for those that are gone, or never were.
  const Worker* find(std::uint32_t n) const;

  /// Any other phase -> idle.
  void set_idle(std::uint32_t n, Time now);
  /// The job's idle worker that was busy last, but not `except`: its caches are warm, and the others may leave. idle ->
  /// busy.
  std::optional<std::uint32_t> take_idle(ProcessId job, std::uint64_t lease, std::uint32_t except);
  void set_stopping(std::uint32_t n);
  void remove(std::uint32_t n);

  /// The one that is idle for the longest time, and since when.
  std::optional<std::pair<std::uint32_t, Time>> longest_idle() const;
  std::size_t starting(ProcessId job) const;
  std::size_t idle() const { return idle_.size(); }
  std::size_t size() const { return workers_.size(); }
  const std::map<std::uint32_t, Worker>& all() const { return workers_; }

 private:
  /// What a job's workers are about; without any, it is not there.
  struct Job {
    std::size_t workers = 0, starting = 0;
    std::set<std::pair<std::uint64_t, std::uint32_t>> idle;  // as idle_
  };
  std::uint32_t next_number(ProcessId job);
  void leave_phase(std::uint32_t n, Worker& worker);

  const std::uint32_t node_;
  std::map<std::uint32_t, Worker> workers_;
  std::map<ProcessId, Job> jobs_;
  std::set<std::pair<std::uint64_t, std::uint32_t>> idle_;  // (turn, n): the first is idle for the longest time
  // By number. It is asked for those that are gone, too: actors of theirs may live on and be started again.
  std::vector<ProcessId> job_of_;
  std::uint64_t idle_turns_ = 0;
};

}  // namespace shoal::node
