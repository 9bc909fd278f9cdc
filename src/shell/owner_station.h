#pragma once

#include <shoal/base/ids.h>
#include <shoal/shell/handle.h>
#include <shoal/wire/payload.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "owner/core.h"
#include "shell/event.h"
#include "shell/timed_station.h"
#include "shell/worker_threads.h"
#include "wire/cluster.h"

namespace shoal::shell {

/// Told that a station stops. Called once at most, under no lock, while nothing of the station is gone yet.
class StopListener {
 public:
  virtual ~StopListener() = default;
  virtual void on_stop() = 0;
};

/// One owner core and the threads around it: those of the program that submit, wait and hold references, and those that run
/// what the core was sent. Threads of a worker come from the pool and leave it when there is nothing to run.
///
/// Life: runs -> stopping (nothing begins any more, and who waits is told) -> gone (nothing runs) -> dead (no message comes or
/// goes; what handles are left can be let go of). Any thread may call what is public.
class OwnerStation final : public TimedStation {
 public:
  struct Options {
    ProcessId self;
    ProcessId node;
    bool is_worker = false;  ///< Runs what it is sent.
    bool claims = true;      ///< A thread that waits may run what it waits for.
    bool has_store = false;  ///< Large values lie in the machine's store.
  };
  /// `on_gone`: called once, on no thread in particular and under no lock, when it was stopped and nothing runs.
  OwnerStation(Surroundings& around, const Options& options, std::function<void(OwnerStation&)> on_gone);
  ~OwnerStation() override;

  // Objects. What is returned has one handle more.

  owner::Object* put(Payload value);
  /// Where values that are large are to be written; null = in the program's own memory.
  LargeMemory* large_memory();
  /// Pins what has to be pinned before it can be read; false where the deadline came first. Throws ObjectLost, StoreFull,
  /// Cancelled.
  bool pin(std::span<Payload* const> values, const Deadline& deadline);
  /// The value of the object, which is ready: as it lies there, or `pinned`. Null where the deadline came first.
  const Payload* read(owner::Object& object, Payload& pinned, const Deadline& deadline);
  /// The end is near: what the program refers to can be read after it, without the store. `store_answers`: without it only
  /// what is in memory can be kept.
  void keep_values(bool store_answers = true);
  owner::Object* open(const ObjectId& id, const owner::Execution& execution);
  owner::Object* open(const ObjectId& id, owner::Object& outer);
  static void add_handle(owner::Object& object) { object.handles.fetch_add(1, std::memory_order_relaxed); }
  void drop_handle(owner::Object& object);
  static bool is_ready(const owner::Object& object) {
    return object.phase.load(std::memory_order_acquire) != owner::Object::Phase::pending;
  }

  // Tasks.

  /// `results`: empty handles, as many as the task has results.
  void submit(owner::TaskRequest request, std::span<detail::Handle> results);
  void cancel(owner::Object& object, bool recursive);
  /// Like submit(), for tasks of one result, but sent on at once. `under`: the run here that submits it, where it runs still.
  /// `waiter` watches `result` until unwatch(), or until it is told.
  void submit_watched(owner::TaskRequest request, const std::optional<owner::RunKey>& under, owner::Waiter& waiter,
                      detail::Handle& result);
  void unwatch(owner::Object& object, owner::Waiter& waiter);
  /// Waits until `wanted` of them are ready; false where the deadline came first. Throws Cancelled where the station is
  /// stopped.
  bool await(std::span<owner::Object* const> objects, std::size_t wanted, const Deadline& deadline);
  /// Likewise until it is ready. Without a deadline this thread runs what it waits for, where nobody has begun it. Throws
  /// InvalidArgument where it waits for what comes after it, without end.
  bool await(owner::Object& object, const Deadline& deadline);

  // Streams, see owner::Core.

  /// Of this process: the next item, with one handle; null at the stream's end, which is then ready. Throws Cancelled where
  /// the station is stopped. `in_time`: whether the deadline came first; then it gives null, too.
  owner::Object* next_item(owner::Object& stream, const Deadline& deadline, bool& in_time);
  void drop_stream(owner::Object& stream);
  /// Of what runs here: gives an item, once it may. False where nobody wants any more.
  bool yield(const owner::Execution& execution, Payload item);

  /// The name of the task that makes it, for people; empty where that is not known here.
  std::string maker_of(const owner::Object& object);

  // Actors, see owner::Core. What is returned has one handle more.

  owner::Object* create_actor(owner::ActorRequest request);
  owner::Object* find_actor(const std::string& name);
  void call(owner::Object& actor, owner::TaskRequest request, std::span<detail::Handle> results);
  void kill_actor(owner::Object& actor, bool restart, const std::string& cause);
  void exit_actor();
  /// The object that the constructor of the actor that lives here made.
  void hold_actor(std::shared_ptr<void> actor) { actor_ = std::move(actor); }
  void* actor() const { return actor_.get(); }
  /// Its name for others; none where no actor lives here.
  std::optional<ActorId> actor_id();

  /// What the control service says of the cluster. Throws Cancelled where the station is stopped.
  wire::ClusterIs ask_cluster();

  // For what runs here.

  struct Span {
    Time begin = 0, end = 0;
  };
  /// Ends the execution, at ran.end = now; gives the next one where `wants_next` and there is one.
  std::optional<owner::Execution> done(owner::Execution execution, std::vector<Payload> results, const Span& ran,
                                       bool wants_next);
  std::optional<owner::Execution> failed(owner::Execution execution, wire::Failure failure, const Span& ran,
                                         bool wants_next);
  /// It goes by the name of that from now on, see RunningCall.
  void rename(owner::Execution& execution, const wire::TaskTemplate& what);
  /// What this thread runs here waits, until waits_no_more(). False where it runs nothing here.
  bool waits();
  void waits_no_more();
  bool is_stopping() const { return stopping_.load(std::memory_order_relaxed); }

  // Life.

  /// Else those that are submitted here run in worker processes.
  bool runs_tasks_in_this_process() const { return around_.reader == nullptr; }
  /// What this station's node has.
  const wire::Resources& node_total() const { return around_.total; }
  /// While somebody is inside, the session that this belongs to does not end. To be entered before this is told to stop.
  Gate& jobs() { return around_.jobs; }
  /// False where this stops already.
  bool add_listener(const std::shared_ptr<StopListener>& listener);
  void remove_listener(const StopListener& listener);
  /// Nothing begins any more, and who waits is told: by an exception of `why`, or that it was cancelled.
  void stop(const Status& why = {});
  /// Of another process.
  void on_process_died(ProcessId process, const std::string& cause, ErrorCode code = ErrorCode::worker_died);
  /// Whether nothing here is of use to anybody.
  bool is_unused();
  /// It is gone: takes it from the network, and lets go of all but what the program still holds.
  void bury();
  /// After bury(): deletes itself, now or with the last handle.
  void release();
  /// What runs here, for people.
  std::vector<std::string> running();

 private:
  class Cell;
  class CreditCell;
  class Blocked;
  class Work;
  struct Question;

  /// enter() with the time told to the core first: for all that its rules about time may look at.
  template <class F>
  void act_at(Time time, F&& f);
  template <class F>
  void act(F&& f) {
    act_at(now(), std::forward<F>(f));
  }
  [[noreturn]] void throw_stopped();
  void on_message(ProcessId from, wire::Message& message) override;
  void take_messages(std::vector<wire::Envelope>& into) override;
  void on_left() override;
  void on_time() override;

  Payload store(Payload value);
  void keep_value(const owner::Object& object, const Deadline& deadline);
  std::uint64_t age();
  void give(owner::Object* first, std::span<detail::Handle> results);
  void work();
  std::optional<owner::Execution> next_or_leave(bool linger);
  std::optional<owner::Execution> read_for_next();
  void leave_work();
  void hold_replies(Time time);
  bool forget_if_unheld();
  void start_work();
  std::shared_ptr<void> take_actor_to_end();
  /// What this thread runs here; null where it runs nothing of this station.
  const owner::Execution* execution_here() const;

  const Options options_;
  const std::function<void(OwnerStation&)> on_gone_;
  const std::shared_ptr<Job> work_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> dead_{false};  // no message comes or goes
  std::atomic<int> jobs_to_post_{0};
  std::atomic<bool> tell_gone_{false};
  const std::shared_ptr<StoreClient> store_;  // or null
  std::shared_ptr<void> actor_;  // set by its constructor's run, before any call; taken out by the last thread at work

  // Guarded by the station's lock.
  std::unique_ptr<owner::Core> core_;  // null once it is buried and the program holds nothing of it
  bool dispatch_now_ = false;
  bool in_batch_ = false;         // of messages that came together
  Time flush_at_ = k_never;       // when submissions are sent on at the latest
  bool holds_replies_ = false;    // until somebody acts, a message comes, or they are due
  std::size_t held_replies_ = 0;  // results that were not sent on yet
  Time replies_due_ = k_never;
  bool released_ = false;
  int at_work_ = 0;        // threads that run what it was sent
  Event* idle_ = nullptr;  // of one of them that has nothing to run, and reads
  std::vector<Cell*> cells_;
  std::vector<CreditCell*> credit_cells_;
  std::vector<Question*> questions_;
  std::map<const owner::Object*, Payload> kept_;  // that were pinned before the end
  std::vector<std::shared_ptr<StopListener>> listeners_;
  bool told_listeners_ = false;
  Status stopped_by_;
};

}  // namespace shoal::shell
