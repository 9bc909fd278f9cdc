#pragma once

#include <shoal/base/ids.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/capacity.h"
#include "node/workers.h"
#include "sched/fair_queue.h"
#include "wire/actor.h"

namespace shoal::node {

/// Names a line: an owner's tasks of one kind, or one actor ({actor.owner, true, actor.n}).
struct LineKey {
  ProcessId owner;
  bool is_actor = false;
  std::uint64_t n = 0;  ///< The kind, or the actor's.
  friend auto operator<=>(const LineKey&, const LineKey&) = default;
};

/// What somebody wants again and again, and what it has of it. It lives while it wants or has something.
struct Line {
  ProcessId job{};  ///< Whose workers it takes.
  sched::FlowId flow{};
  wire::Resources each;
  std::int32_t priority = 0;
  std::uint32_t wanted = 0;          ///< Beside what was granted; what is promised counts as wanted still.
  std::set<std::uint64_t> promised;  ///< Leases that have their resources and wait for a worker.
  std::set<std::uint64_t> granted;
  Time waits_since = 0;        ///< Since it began to wait, or was last served.
  std::uint32_t kept_for = 0;  ///< How often room was kept for it since then.
  std::optional<wire::StartActor> actor;

  bool waits() const { return wanted > promised.size(); }
};

/// Resources that are given to somebody, and the worker that uses them.
struct Lease {
  const LineKey* line = nullptr;  ///< Null where its holder is gone and its worker is being stopped.
  Allocation allocation;
  std::uint32_t worker = 0;  ///< 0 = promised.
  Time since = 0;            ///< It was granted.
  bool recalled = false;
};

/// Who wants and who has what on one machine. A demand that fits is promised its resources at once, in the order of the
/// fair queue, and granted when a worker is there; only what is kept for a line is given to no other. Beyond k_workers_max
/// the newest line is next: it is nested deepest, so others wait for it. The daemon's core owns it. O(log n) each but where
/// said.
class Leases {
 public:
  explicit Leases(wire::Resources total) : capacity_(std::move(total)), queue_(capacity_.total()) {}
  Leases(const Leases&) = delete;
  Leases& operator=(const Leases&) = delete;

  // --- Lines.

  /// Null where it wants and has nothing.
  const Line* find(const LineKey& key) const;
  /// It wants so many beside what was granted. What was promised beyond that is taken back, the newest first. `each` and
  /// `priority` are those of the line's life; they and `job` count where there is none yet.
  void want(const LineKey& key, ProcessId job, const wire::Resources& each, std::int32_t priority, std::uint32_t wanted,
            Time now);
  /// Of a line that has not been granted anything yet.
  void set_actor(const LineKey& key, wire::StartActor actor) { lines_.at(key).actor = std::move(actor); }
  /// The line is gone and its promises are. Returns the workers of what was granted: their allocations stay until end().
  std::vector<std::uint32_t> forget(const LineKey& key);
  /// Keys of the lines of tasks that the process owns. O(its lines).
  std::vector<LineKey> lines_of(ProcessId owner) const;

  // --- Leases.

  /// Null for what has ended.
  const Lease* find(std::uint64_t lease) const;
  /// Gives the next line that fits what it wants; false where none does.
  bool promise_next(Time now);
  /// Allows one worker more than before, beyond k_workers_max, where a line lacks nothing else and no more tasks run than
  /// wait: these may wait for what has no worker. Whether they do nobody knows, so call it now and then only. Where more
  /// run, it allows one less. O(leases and lines).
  void adjust_workers();
  /// Until the line was served or wants no more, lines of its priority or a lower one get only what leaves room for one of
  /// its leases, in the resources that it uses; those that want the very same take their turn as ever.
  void keep_for(const LineKey& key);
  void keep_for_nobody() { kept_.reset(); }
  bool keeps() const { return kept_.has_value(); }
  /// A worker for a promise.
  const Lease& grant(std::uint64_t lease, std::uint32_t worker, Time now);
  /// The allocation is free.
  void end(std::uint64_t lease);
  void set_recalled(std::uint64_t lease) { leases_.at(lease).recalled = true; }
  /// Its worker waits, or does no more: its CPU is lent, or taken back.
  void set_lent(std::uint64_t lease, bool lent);

  // --- Looking around.

  const Capacity& capacity() const { return capacity_; }
  const std::map<LineKey, Line>& lines() const { return lines_; }
  const std::map<std::uint64_t, Lease>& leases() const { return leases_; }
  /// The oldest first.
  const std::set<std::uint64_t>& promised() const { return promised_; }
  /// How many of them each job has; none is 0.
  const std::map<ProcessId, std::size_t>& promised_to() const { return promised_to_; }
  bool has_lines(ProcessId job) const { return lines_to_.count(job) > 0; }
  /// Lines that want more than they have and were promised.
  std::size_t waiting() const { return waits_.size(); }
  /// Whether somebody has leases and wants no more.
  bool anybody_content() const { return !content_.empty(); }
  /// See FairQueue::held and cost.
  std::int64_t held(const Line& line) const { return queue_.held(line.flow); }
  std::int64_t cost(const Line& line) const { return queue_.cost(line.flow); }

  /// What contradicts itself, empty where nothing does. O(all).
  std::string testing_fault() const;

 private:
  /// After each change of a line: whether it waits, is content, or is of no use any more.
  void settle(std::map<LineKey, Line>::iterator line);
  void drop_promise(Line& line, std::uint64_t id);
  bool may_promise(const wire::Resources& each, std::int32_t priority) const;
  bool leaves_room(const wire::Resources& each, std::int32_t priority) const;
  std::optional<sched::FlowId> newest() const;

  Capacity capacity_;
  sched::FairQueue queue_;
  std::map<LineKey, Line> lines_;
  std::map<sched::FlowId, std::map<LineKey, Line>::iterator> by_flow_;
  std::map<std::uint64_t, Lease> leases_;
  std::set<std::uint64_t> promised_;
  std::map<ProcessId, std::size_t> promised_to_, lines_to_;  // jobs
  std::set<sched::FlowId> content_;
  std::set<sched::FlowId> waits_;
  std::optional<sched::FlowId> kept_;  // of a line that waits
  std::uint64_t ids_ = 0;
};

}  // namespace shoal::node
