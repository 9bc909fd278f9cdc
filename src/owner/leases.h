#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "owner/limits.h"
#include "owner/outbox.h"
#include "owner/task.h"
#include "wire/lease.h"

namespace shoal::owner {

/// A worker that is this owner's for a while. It runs what it was sent in that order.
struct Lease {
  std::uint64_t id = 0;
  ProcessId worker;
  Kind* kind = nullptr;
  std::vector<std::uint32_t> gpus;
  TaskList pushed;             ///< All that it was sent and that has not ended; the first may have started.
  Task* here = nullptr;        ///< Runs in this process in the worker's place.
  bool recalled = false;       ///< Goes back once it has nothing to do.
  Time first_since = 0;        ///< When the first became the first.
  bool waits = false;          ///< What it runs waits for something, or is slow; it is sent no more.
  bool has_returning = false;  ///< It was asked to give tasks back and has not answered.
  Time idle_since = 0;

  bool is_idle() const { return pushed.empty() && here == nullptr; }
};

/// Tasks that can share workers: equal resources, strategy and priority, and all or none apart.
struct Kind {
  std::uint32_t id = 0;
  wire::Resources resources;
  wire::Strategy strategy;
  std::int32_t priority = 0;
  bool apart = false;
  TaskList ready;
  std::size_t pushed = 0;     ///< In all its leases,
  std::size_t following = 0;  ///< those that follow among them: nobody else could run them yet.
  std::int64_t run_ns = -1;   ///< What a task of it took lately; -1 = none has ended.
  std::vector<Lease*> leases;
  std::size_t next_lease = 0;  ///< Whose turn it is.
  std::uint32_t wanted = 0;    ///< As the daemon knows it.
  bool touched = false;
};

/// What is to be run. Its lease, where it has one, says on which GPUs.
wire::PushTask attempt_of(const Task& task);

/// Which worker runs which of the ready tasks: asks the node's daemon for workers, keeps each busy, shares out anew what
/// has not started when there is one more, and gives them back.
class Leases {
 public:
  Leases(ProcessId node, Outbox& out) : node_(node), out_(out) {}

  /// The worker knows the template from now on.
  void introduce(Template& what, ProcessId worker);
  /// The template that was made from this pointer, which is kept.
  Template& intern(const std::shared_ptr<const wire::TaskTemplate>& what);

  void enqueue(Task& task);
  void enqueue_first(Task& task);
  /// It waits for arguments. Where it can be sent along behind what makes them, dispatch() does.
  void consider(const Task& task);
  /// It was pushed behind what makes its arguments, and now they are all known.
  void follows_no_more(Task& task);
  /// Takes it out of the queue. Precondition: it is ready.
  void withdraw(Task& task);
  /// Sends ready tasks to workers that have room and says how many more workers are wanted.
  void dispatch();
  /// Ready tasks that dispatch() has not seen yet.
  std::size_t fresh() const { return fresh_; }

  /// An idle worker of the task's kind, to run the task in its place; null where there is none.
  Lease* lend(Task& task);
  /// What runs here waits: workers in whose place something runs here are free again, where only their CPUs are used.
  void take_back_lent(Time now);
  /// The attempt is over, or was given back (`run_ns` -1).
  void ended(Task& task, std::int64_t run_ns, Time now);

  void on(const wire::LeaseGrant& grant, Time now);
  /// The tasks of the kind, which nothing will ever run.
  std::vector<Task*> on(const wire::LeaseRefused& refused);
  void on(const wire::LeaseRecall& recall);
  /// It gave back what it had not started.
  void on_returned(ProcessId worker, bool waits);
  struct Lost {
    Task* task = nullptr;
    bool may_have_started = false;
  };
  /// What it was sent, in order.
  std::vector<Lost> on_worker_died(ProcessId worker);

  void on_time(Time now);
  std::optional<Time> next_time() const;
  std::optional<ProcessId> worker_of(std::uint64_t lease) const;
  void add_workers(std::set<ProcessId>& workers) const;
  std::size_t size() const { return leases_.size(); }

 private:
  Kind& kind_of(const wire::TaskTemplate& what);
  void dispatch(Kind& kind);
  std::size_t room(const Lease& lease, const Task& next) const;
  void push(Lease& lease, Task& task);
  bool can_follow(const Task& task, const Lease& lease) const;
  void push_followers(Lease& lease, Task& maker);
  void share_anew(Kind& kind);
  void state_demand(Kind& kind);
  void free_the_stuck(Time now);
  void rest(Lease& lease, Time now);
  void give_back(Lease& lease);
  void drop(Lease& lease);
  void touch(Kind& kind);

  const ProcessId node_;
  Outbox& out_;
  std::vector<std::unique_ptr<Kind>> kinds_;
  std::vector<std::unique_ptr<Template>> templates_;
  std::unordered_map<const wire::TaskTemplate*, Template*> interned_;
  Template* last_ = nullptr;
  std::map<std::uint64_t, std::unique_ptr<Lease>> leases_;
  std::map<ProcessId, Lease*> by_worker_;
  std::vector<Kind*> touched_;  // may have something to dispatch, or to ask for
  std::size_t fresh_ = 0;
  Time now_ = 0;
  std::optional<Time> look_at_idle_;
  std::optional<Time> look_at_stuck_;  // while something was sent behind something else
};

}  // namespace shoal::owner
