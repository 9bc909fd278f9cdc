#pragma once

#include <shoal/base/ids.h>
#include <shoal/wire/payload.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "owner/object.h"
#include "wire/message.h"

namespace shoal::owner {

/// Nanoseconds of the clock that the shell passes in.
using Time = std::int64_t;

/// A task as its submitter describes it.
struct TaskRequest {
  std::shared_ptr<const wire::TaskTemplate> what;  ///< Tasks of one kind pass one pointer.
  Payload arguments;                 ///< Its refs() must be references that this process holds.
  std::vector<Object*> resolve;      ///< References whose values are arguments, in order.
};

/// An attempt that this process is to run. Whoever has it ends it by Core::done or Core::failed.
struct Execution {
  TaskId task;
  std::uint32_t attempt = 0;
  std::shared_ptr<const wire::TaskTemplate> what;
  Payload arguments;
  std::vector<Payload> resolved;
  std::vector<std::uint32_t> gpus;
  std::uint64_t skip_items = 0;                 ///< Of a stream.
  std::shared_ptr<std::atomic<bool>> cancelled; ///< Null until somebody asks: Core::cancel_flag().
  std::uint64_t key = 0;                        ///< The core's own.
};

/// What runs inside every driver and worker: it owns the tasks that this process submits and the objects they make,
/// borrows what others own, and runs what others push. A state machine: it does no I/O, knows no thread and no clock;
/// messages that it sends are taken from it. Not thread-safe: its shell holds one lock around all calls.
class Core {
 public:
  struct Options {
    ProcessId self;
    ProcessId node;  ///< The daemon of its machine.
  };
  explicit Core(const Options& options);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  ProcessId self() const;

  // --- Objects. What is returned has one handle more.

  /// A value of this process; what it refers to stays as long as it does.
  Object* put(Payload value);
  /// A reference that a value came with: one that a running task got (`execution`), or that was fetched.
  Object* open(const ObjectId& id, const Execution* execution);
  /// Its handles fell to 0. It may be gone afterwards.
  void released(Object* object);
  /// Tells `waiter` when it is ready, now if it is; fetches a borrowed value. Ends by itself after on_ready.
  void watch(Object* object, Waiter* waiter);
  void unwatch(Object* object, Waiter* waiter);

  // --- Tasks of this process.

  /// Its results, the first of a stream's being the one that is ready at its end. What can run is pushed by dispatch().
  std::vector<Object*> submit(TaskRequest request);
  /// One result, without the vector.
  Object* submit_one(TaskRequest request);
  /// Sends what is ready to workers and states how many more are wanted.
  void dispatch();
  /// How many submitted tasks wait for dispatch().
  std::size_t undispatched() const;
  /// Its result is Cancelled at once where it had not started; a running one is told. No effect on what is ready.
  void cancel(Object* result);
  /// A task that the caller may run now in the place of a worker, so that `object` comes to be: the one that makes it, or
  /// one that that waits for. Watch it for on_claimable() when there is none.
  std::optional<Execution> claim(Object* object);

  // --- Tasks of others, in a worker.

  /// The next in its turn. One at a time, but for threaded actors.
  std::optional<Execution> next();
  bool has_next() const;
  void done(Execution execution, std::vector<Payload> results, std::int64_t run_ns);
  void failed(Execution execution, wire::Failure failure, std::int64_t run_ns);
  /// The running task waits for something: gives back what was pushed and has not started, and lends the CPU.
  void waits();
  void waits_no_more();

  // --- The world.

  void on_message(ProcessId from, wire::Message message);
  /// The process is gone and will never be heard of again.
  void on_process_died(ProcessId process, const std::string& cause);
  void on_time(Time now);
  /// When on_time() has something to do.
  std::optional<Time> next_time() const;
  /// Moves all messages to be sent into `into`, in order, replacing its contents.
  void take_messages(std::vector<wire::Envelope>& into);

  /// Objects, tasks and leases it still has to do with; all 0 when a program let go of everything.
  struct Holdings {
    std::size_t objects = 0, tasks = 0, leases = 0, executions = 0;
    friend bool operator==(const Holdings&, const Holdings&) = default;
  };
  Holdings holdings() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal::owner
