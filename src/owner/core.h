#pragma once

#include <shoal/base/ids.h>
#include <shoal/wire/payload.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "owner/actors.h"
#include "owner/hosted.h"
#include "owner/leases.h"
#include "owner/objects.h"
#include "owner/outbox.h"
#include "owner/runs.h"
#include "owner/streams.h"
#include "owner/tasks.h"
#include "wire/message.h"

namespace shoal::owner {

/// What runs inside every driver and worker: it owns the tasks that this process submits and the objects they make,
/// borrows what others own, and runs what others push. A state machine: it does no I/O, knows no thread and no clock;
/// messages that it sends are taken from it. Its shell owns it and holds one lock around all calls; after messages, deaths
/// and times it calls dispatch(), and after submissions when it sees fit.
class Core {
 public:
  struct Options {
    ProcessId self;
    ProcessId node;                              ///< The daemon of its machine.
    std::int64_t stream_bytes = k_stream_bytes;  ///< Items of one stream that nobody took yet; at least 1.
  };
  explicit Core(const Options& options);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  ProcessId self() const { return options_.self; }

  // Objects. What is returned has one handle more.

  /// A value of this process. What it refers to is held by this process, and stays as long as the value does.
  Object* put(Payload value);
  /// A reference among the arguments of what runs, or in their values.
  Object* open(const ObjectId& id, const Execution& execution);
  /// A reference in the value of `outer`, on which this process has a handle.
  Object* open(const ObjectId& id, Object& outer);
  /// Its handles fell to 0. It may be gone afterwards.
  void released(Object* object);
  /// Tells `waiter` when it is ready, now if it is; fetches a borrowed value.
  void watch(Object* object, Waiter* waiter);
  void unwatch(Object* object, Waiter* waiter);

  // Tasks of this process.

  /// The first of its results, each of which has one handle; the others follow by Object::next_result until one is let
  /// go of. dispatch() sends it to a worker.
  Object* submit(TaskRequest request);
  /// Sends what is ready to workers, and says how many more are wanted.
  void dispatch();
  /// Ready tasks that wait for dispatch().
  std::size_t undispatched() const { return leases_.fresh(); }
  /// Its results are failures (`cancelled`) from now on, unless they are ready. A running attempt is told; where it is
  /// `recursive`, what that submitted is cancelled likewise, and so on.
  void cancel(Object* result, bool recursive = true);

  // Actors, each of which an object stands for: it is pending as long as the actor may live, and then a failure.

  /// Dies when nobody holds the object any more, unless it is detached. Said to the control service at once.
  Object* create_actor(ActorRequest request);
  /// An own object whose value contains the one reference that stands for the actor of this name, to be opened in it; a
  /// failure (`not_found`) where nobody has the name.
  Object* find_actor(std::string name);
  /// Like submit(); `request.what` tells neither resources nor retries. Calls of one object start in the order in which
  /// they were made, whoever waits for its arguments first.
  Object* call(Object& actor, TaskRequest request);
  /// `restart`: as if its process had died.
  void kill_actor(Object& actor, bool restart, std::string cause);

  /// A task to be run by the caller, who waits for `object`: its maker, or one that that waits for. It runs in the place
  /// of a worker that is idle, or of `waiting`, what the caller runs, where both need the same.
  std::optional<Execution> claim(Object* object, const Execution* waiting);

  // Streams: tasks, not calls, whose template says so. What submit() gives for one is ready, with an empty value, when the
  // task has ended and all items are there.

  /// The next item, with one handle; null where it is not there yet or, once `stream` is ready, there is none left.
  Object* next_item(Object& stream);
  /// Tells `waiter` when the next item is there or `stream` is ready, now if so.
  void watch_stream(Object& stream, Waiter* waiter);
  void unwatch_stream(Object& stream, Waiter* waiter);
  /// The consumer wants no more: the task is cancelled, what it submitted is not, and what was not taken is freed. So it
  /// is when the handles of `stream` fall to 0.
  void drop_stream(Object& stream);

  // Attempts that others gave to this process, and those claimed. A process that hosts an actor gets the actor's
  // constructor first and then its calls.

  std::optional<Execution> next();
  bool has_next() const { return hosted_.has_room() && runs_.has_next(); }
  bool hosts_actor() const { return hosted_.is_there(); }
  /// Precondition: one lives here.
  const ActorId& hosted_actor() const { return hosted_.actor(); }
  /// How many executions next() gives before one of them ends: 1, or the threads of the actor that lives here.
  std::uint32_t threads() const { return hosted_.threads(); }
  /// `results`: as many as its template says; none of a constructor.
  void done(Execution execution, std::vector<Payload> results, std::int64_t run_ns);
  void failed(Execution execution, wire::Failure failure, std::int64_t run_ns);
  /// Of a stream: sends the next item, unless an earlier attempt did: the first `skip_items` may be empty. True where
  /// another may follow at once.
  bool yield_item(const Execution& execution, Payload item) { return runs_.yield_item(execution, std::move(item)); }
  /// True also where nobody wants any more, as `execution.cancelled` says: then nothing is sent.
  bool may_yield(const Execution& execution) const { return runs_.may_yield(execution); }
  /// Tells `waiter` when it may yield, now if so. One at a time.
  void watch_credit(const Execution& execution, CreditWaiter* waiter) { runs_.watch_credit(execution, waiter); }
  void unwatch_credit(const Execution& execution) { runs_.unwatch_credit(execution); }
  /// It goes by the name of another template, which lives as long as the core.
  void rename(Execution& execution, const wire::TaskTemplate& what) { execution.what = execution.run->what = &what; }
  /// What runs here under this name; null where nothing does, any more.
  Run* find_running(const RunKey& key) const { return runs_.find_running(key); }
  /// What runs waits from now on: what has not started goes back to its submitters, and the CPU is lent to others.
  void waits();
  void waits_no_more();
  /// The actor that lives here ends itself, from inside a call: no other begins. When those that run are done, and their
  /// callers have the results, it is dead and this process is stopped.
  void exit_actor();

  // The world.

  void on_message(ProcessId from, wire::Message message);
  /// The process is gone and will never be heard of again. `code`: of the failure of what it ran, see LeaseLost.
  void on_process_died(ProcessId process, const std::string& cause, ErrorCode code = ErrorCode::worker_died);
  void on_time(Time now);
  /// When on_time() has something to do.
  std::optional<Time> next_time() const { return leases_.next_time(); }
  /// Moves all messages to be sent into `into`, in order, replacing its contents.
  void take_messages(std::vector<wire::Envelope>& into) { out_.take(into); }

  /// Whether the object is made by a call that begins when what runs here has ended: of the actor that lives here and has
  /// one thread.
  bool comes_after_what_runs(const Object& object) const;
  /// What makes the object, for people; empty where it is ready or made elsewhere.
  std::string maker_of(const Object& object) const;
  /// Names of what runs here, for people.
  std::vector<std::string> running() const { return runs_.running(); }
  /// The end: nobody hears of this process any more. What is pending fails; what the program has handles on stays readable.
  void close();

  /// What it has to do with. All 0 when the program let go of everything and is told of everything.
  struct Holdings {
    std::size_t objects = 0, tasks = 0, runs = 0, leases = 0, actors = 0, streams = 0;
    friend bool operator==(const Holdings&, const Holdings&) = default;
  };
  Holdings holdings() const {
    return {objects_.size(), tasks_.size(), runs_.size(), leases_.size(), actors_.size(), streams_.size()};
  }
  /// Own and borrowed objects that have a value and a handle.
  std::vector<Object*> readable() const;
  /// Where memory is short: the turn of what runs here, or of a task that would be submitted now.
  std::uint64_t age_of(const Execution* execution) {
    return execution != nullptr ? execution->run->push.age : tasks_.next_number();
  }
  const Objects& testing_objects() const { return objects_; }

 private:
  void receive(ProcessId from, wire::Message& message);
  void settle();
  void tell_lending();

  const Options options_;
  Time now_ = 0;
  std::size_t waiting_ = 0;
  bool is_lending_ = false;  // as the daemon knows it
  Outbox out_;
  Objects objects_;
  Streams streams_;
  Leases leases_;
  Actors actors_;
  Tasks tasks_;
  Runs runs_;
  Hosted hosted_;
  // Scratch of settle().
  std::vector<wire::Envelope> own_;
  std::vector<Need*> unblocked_;
  std::vector<Actors::Lost> lost_;
  std::vector<Actor*> let_go_;
  std::vector<Hold*> settled_;
};

}  // namespace shoal::owner
