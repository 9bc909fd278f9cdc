#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/id_table.h"
#include "base/slab.h"
#include "owner/actors.h"
#include "owner/leases.h"
#include "owner/objects.h"
#include "owner/outbox.h"
#include "owner/runs.h"
#include "owner/streams.h"
#include "owner/task.h"

namespace shoal::owner {

/// A task as its submitter describes it.
struct TaskRequest {
  std::shared_ptr<const wire::TaskTemplate> what;  ///< Tasks of one kind pass one pointer.
  Payload arguments;                               ///< Its refs() are references that this process holds.
  std::vector<Object*> resolve{};                  ///< References whose values are arguments, in order.
  Run* parent = nullptr;                           ///< What runs and submits it.
};

/// The tasks that this process submitted and the calls that it made: what each waits for, what becomes of its attempts, and its results.
class Tasks {
 public:
  Tasks(ProcessId self, Objects& objects, Streams& streams, Leases& leases, Actors& actors, Outbox& out)
      : self_(self), objects_(objects), streams_(streams), leases_(leases), actors_(actors), out_(out) {}
  ~Tasks();
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  /// A number for what this process makes: tasks, objects and actors.
  std::uint64_t next_number() { return ++last_number_; }

  /// The first of its results, each of which has one handle; the others follow by Object::next_result. `actor`: it is a
  /// call of that.
  Object* submit(TaskRequest request, Actor* actor = nullptr);
  void cancel(Object& result, bool recursive);
  void cancel_all();
  /// What the run submitted and is not over, and what it will submit.
  void cancel_children(Run& run);
  /// A ready task that makes `object`, or something that its maker waits for. Null where there is none to be run here.
  Task* find_ready(Object& object) const;
  /// The attempt runs here: takes it out of the queue and gives what it is to run.
  wire::PushTask begin_here(Task& task);

  /// One more argument is ready.
  void unblock(Task& task);
  /// This process is registered for all that the result contains.
  void commit(Task& task);
  /// Likewise for what an item contains.
  void registered(Arrival& arrival);
  /// The consumer of the stream wants no more.
  void drop(Stream& stream);

  void on(ProcessId from, wire::TaskDone& done, Time now);
  void on(ProcessId from, wire::TaskFailed& failed, Time now);
  void on(ProcessId from, wire::StreamItem& item);
  void on(ProcessId from, const wire::ReturnTasks& returned, Time now);
  void on(ProcessId from, const wire::Retained& retained);
  void on_refused(const wire::LeaseRefused& refused);
  void on_worker_died(ProcessId worker, const std::string& cause, ErrorCode code);
  /// A call that its actor will not answer.
  void on_lost(const Actors::Lost& lost);
  std::size_t size() const { return slab_.size(); }

 private:
  struct Outcome {
    Values results{};
    wire::FailurePtr failure{};  // null = results
    std::uint64_t items = 0;     // of a stream
    bool retains = false;
    bool is_awaited = false;  // wire::TaskDone::is_last
    std::int64_t run_ns = 0;
  };

  void leave(Task& task, std::int64_t run_ns, Time now);
  bool requeue(Task& task);
  Task* find(ProcessId from, const TaskId& id, std::uint32_t attempt) const;
  void on_end(Task& task, ProcessId from, Outcome outcome, Time now);
  void lose(Task& task, ProcessId worker, const std::string& cause, ErrorCode code);
  bool is_retried(const Task& task, const wire::Failure& failure) const;
  void retry(Task& task);
  void fail(Task& task, wire::FailurePtr failure);
  void end_after_items(Task& task, wire::FailurePtr failure);
  void give(Task& task, Values& values);
  void let_go_of(Object* results);
  void over(Task& task);
  bool drop_items(Task& task);
  void cancel(Task& task, bool recursive);
  void cancel(Task& task, bool recursive, const wire::FailurePtr& failure);
  void let_go(Task& task);
  void held_no_more(Task& task, ProcessId worker);
  Task* find_ready(Object& object, int depth) const;

  const ProcessId self_;
  Objects& objects_;
  Streams& streams_;
  Leases& leases_;
  Actors& actors_;
  Outbox& out_;
  Slab<Task> slab_;
  struct ByNumber {
    static const std::uint64_t& key(const Task& task) { return task.id.n; }
    static std::size_t spread(std::uint64_t n) { return n; }
    static Task*& next(Task& task) { return task.next_by_number; }
  };
  IdTable<std::uint64_t, Task, ByNumber> table_;
  std::uint64_t last_number_ = 0;
  std::map<ProcessId, std::multiset<std::uint64_t>> retained_by_;  // tasks whose arguments a worker still holds
};

}  // namespace shoal::owner
