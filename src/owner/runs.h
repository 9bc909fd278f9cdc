#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/id_table.h"
#include "base/slab.h"
#include "owner/handovers.h"
#include "owner/objects.h"
#include "owner/outbox.h"
#include "owner/task.h"
#include "wire/message.h"

namespace shoal::owner {

struct Run;

/// What an execution is of.
enum class Role : std::uint8_t {
  task,
  constructor,  ///< Of the actor that this process hosts from now on: no result.
  call,         ///< Of that actor.
};

/// Told that an execution may yield again, or that nobody wants its items any more. Called inside the core, under its
/// shell's lock: it may only take note.
class CreditWaiter {
 public:
  virtual ~CreditWaiter() = default;
  /// Nothing follows.
  virtual void on_credit() = 0;
};

/// An attempt that this process runs. Whoever has it ends it by Core::done or Core::failed.
struct Execution {
  Role role = Role::task;
  TaskId task;                               ///< Of a constructor: its actor's owner and n, as if creating were a task.
  std::uint32_t attempt = 0;                 ///< Of a constructor: the incarnation.
  const wire::TaskTemplate* what = nullptr;  ///< Lives as long as the core.
  Payload arguments;
  std::vector<Payload> resolved;
  std::vector<std::uint32_t> gpus;
  std::uint64_t skip_items = 0;                  ///< Of a stream: what earlier attempts gave.
  const std::atomic<bool>* cancelled = nullptr;  ///< Its submitter wants no more of it.
  Run* run = nullptr;                            ///< The core's own.
};

/// Whether another attempt follows if the process of this one is lost.
inline bool is_run_again_if_lost(const Execution& execution) {
  const wire::TaskTemplate& what = *execution.what;
  const bool has_more = what.retries < 0 || execution.attempt < static_cast<std::uint32_t>(what.retries);
  return execution.role == Role::task && has_more;
}

/// The items that an attempt gave.
struct Yield {
  std::uint64_t items = 0;  ///< Those left out included.
  std::int64_t sent = 0;    ///< What they cost.
  std::int64_t credit = 0;  ///< What they may cost: the attempt's, and what was taken since.
  CreditWaiter* waiter = nullptr;
  std::map<std::uint64_t, std::vector<ObjectId>>
      refs;  ///< In items, pinned until the submitter is registered for them.
};

/// One attempt in this process, from when it came until its submitter is told all about it.
struct Run {
  Run* next_by_attempt = nullptr;
  Role role = Role::task;
  wire::PushTask push;
  const wire::TaskTemplate* what = nullptr;
  enum class State : std::uint8_t { queued, running, ended } state = State::queued;
  std::atomic<bool> cancelled{false};
  std::vector<Object*> opened;        ///< Borrowed objects that it covers.
  std::vector<ObjectId> result_refs;  ///< Pinned until the submitter is registered for them.
  std::unique_ptr<Yield> yield;       ///< Of a stream.
  Hold retained{Hold::Goal::retained};
  bool awaits_held = false;  ///< Its end was the last word of this process: until the submitter has it.
  bool submitter_died = false;
  Children children;
  bool is_abandoned = false;  ///< Its children are cancelled, also those that it may submit yet.
};

/// The attempts that others gave to this process: their order, their ends, and the references that they came with.
class Runs {
 public:
  Runs(ProcessId self, Objects& objects, Outbox& out) : self_(self), objects_(objects), out_(out) {}
  ~Runs();
  Runs(const Runs&) = delete;
  Runs& operator=(const Runs&) = delete;

  /// One that this process submitted itself and runs where it waits.
  Execution begin_here(wire::PushTask push, const wire::TaskTemplate& what);
  /// The next in its turn.
  std::optional<Execution> next();
  bool has_next() const { return !queue_.empty(); }
  /// Null where nothing runs under this name.
  Run* find_running(const RunKey& key) const;
  /// Those that have not begun.
  std::size_t queued() const { return queue_.size(); }
  /// Precondition: it follows nothing.
  void enqueue(wire::PushTask push, const wire::TaskTemplate& what, Role role);
  /// As the process defined it; null where it did not.
  const wire::TaskTemplate* find_template(ProcessId of, std::uint32_t id) const;
  /// `is_last`: see wire::TaskDone.
  void done(Execution execution, std::vector<Payload> results, std::int64_t run_ns, bool is_last);
  void failed(Execution execution, wire::Failure failure, std::int64_t run_ns);
  bool yield_item(const Execution& execution, Payload item);
  bool may_yield(const Execution& execution) const { return may_yield(*execution.run); }
  void watch_credit(const Execution& execution, CreditWaiter* waiter);
  void unwatch_credit(const Execution& execution) { execution.run->yield->waiter = nullptr; }
  /// What runs waits: all that has not started goes back.
  void give_back_queued();

  void on(ProcessId from, wire::DefineTemplate& define);
  void on(ProcessId from, wire::PushTask& push);
  void on(ProcessId from, const wire::RecallTasks& recall);
  /// The run whose children are to be cancelled, too; null where there is none.
  Run* on(ProcessId from, const wire::CancelTask& cancel);
  void on(ProcessId from, const wire::ResultHeld& held);
  void on(ProcessId from, const wire::ItemHeld& held);
  void on(ProcessId from, const wire::StreamCredit& credit);
  /// This process is registered for what an ended run left behind.
  void retained(Run& run);
  /// What it submitted is of no use to anybody. Gives what runs of that.
  std::vector<Run*> on_process_died(ProcessId process);
  void add_submitters(std::set<ProcessId>& submitters) const;
  std::vector<std::string> running() const;
  std::size_t size() const { return slab_.size(); }

 private:
  struct ByAttempt {
    static RunKey key(const Run& run) { return {run.push.task, run.push.attempt}; }
    static std::size_t spread(const RunKey& key) { return key.task.n + 31 * key.task.owner.n + 7 * key.attempt; }
    static Run*& next(Run& run) { return run.next_by_attempt; }
  };

  Run& make(wire::PushTask push, const wire::TaskTemplate& what, Role role);
  Execution start(Run& run);
  bool follow(const wire::PushTask& push);
  template <class Which>
  std::vector<TaskId> take_back(Which&& which);
  bool hand_on(const Run& run, const std::vector<Payload>& results);
  void return_followers(const Run& run);
  void drop_queued(Run& run);
  void end_constructor(Run& run);
  bool end(Run& run);
  static bool may_yield(const Run& run);
  static void tell_credit(Run& run);
  void cancel(Run& run);
  void close_if_over(Run& run);
  void destroy(Run& run);

  const ProcessId self_;
  Objects& objects_;
  Outbox& out_;
  Slab<Run> slab_;
  IdTable<RunKey, Run, ByAttempt> table_;
  std::deque<Run*> queue_;
  std::vector<Run*> running_;
  Handovers handovers_;
  std::map<ProcessId, std::vector<std::shared_ptr<const wire::TaskTemplate>>>
      templates_;  // of each submitter, by number
};

}  // namespace shoal::owner
