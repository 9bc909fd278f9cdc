#pragma once

#include <shoal/base/ids.h>
#include <shoal/wire/payload.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "wire/enumerators.h"
#include "wire/failure.h"
#include "wire/resources.h"

/// The conversation of an owner with the workers that run its tasks. Both sides also follow these rules:
/// - a worker runs the tasks of one owner in the order in which they came;
/// - every pushed attempt ends in exactly one of TaskDone, TaskFailed and ReturnTasks;
/// - references among the arguments are pinned by the owner until that end, see object.h.
namespace shoal::wire {

/// Code, wherever a process happens to have loaded it.
struct FunctionId {
  std::uint64_t module = 0;  ///< Of the module's build id; 0 = none.
  std::uint64_t offset = 0;  ///< From where the module is loaded.
  friend auto operator<=>(const FunctionId&, const FunctionId&) = default;
};

enum class StrategyKind : std::uint8_t {
  pack,      ///< The submitter's node, then others. The default.
  spread,    ///< The node with the least of its kind.
  affinity,  ///< `node`, and with `soft` another if it cannot.
};
struct Strategy {
  StrategyKind kind = StrategyKind::pack;
  std::uint32_t node = 0;
  bool soft = false;
  friend bool operator==(const Strategy&, const Strategy&) = default;
};

/// One type of a list of exceptions. Whoever runs the function asks `is_in_flight`, a bool(*)() called inside a catch block,
/// and names in Failure::bases those that said yes.
struct ExceptionType {
  std::string name;  ///< "*" = any, then without a function.
  FunctionId is_in_flight{};
  friend bool operator==(const ExceptionType&, const ExceptionType&) = default;
};

/// What many tasks share; an owner sends it once to each worker, under a number of its own.
struct TaskTemplate {
  /// None: of a local task, whose owner and worker are in one process (shell/local_tasks.h).
  FunctionId function;  ///< Of the type shoal::detail::Entry (include/shoal/shell/task_call.h).
  std::string name;
  Resources resources;
  Strategy strategy;
  std::uint32_t results = 1;
  bool stream = false;
  /// They may wait for each other: none is sent behind another, and each that waits is worth a worker, however short the
  /// others were.
  bool apart = false;
  std::int32_t retries = 0;             ///< Attempts after the first that lost its process.
  std::vector<ExceptionType> retry_on;  ///< Exceptions after which it runs again too.
  std::int32_t priority = 0;            ///< Higher ones first.
  friend bool operator==(const TaskTemplate&, const TaskTemplate&) = default;
};
struct DefineTemplate {
  std::uint32_t id = 0;
  std::shared_ptr<const TaskTemplate> what;
};

/// A value that the worker has or will have itself: a result of a task that the same owner sent it before.
struct Following {
  std::uint32_t place = 0;  ///< In PushTask::resolved, where nothing stands.
  std::uint64_t task = 0;   ///< TaskId::n
  std::uint32_t attempt = 0;
  std::uint32_t result = 0;
};
/// One attempt.
struct PushTask {
  TaskId task;
  std::uint32_t attempt = 0;
  std::uint32_t task_template = 0;  ///< Defined by the owner before.
  std::uint64_t lease = 0;
  Payload arguments;
  std::vector<Payload> resolved;     ///< Values of the references that the function takes as values, in their order,
  std::vector<Following> following;  ///< but for these. Where one cannot be had here, the task is returned.
  std::uint64_t skip_items = 0;      ///< Of a stream: what an earlier attempt delivered.
  std::int64_t credit = 0;           ///< Of a stream: see StreamCredit.
  std::vector<std::uint32_t> gpus;   ///< Indices the lease gives it.
  std::uint64_t age = 0;  ///< Its turn where memory is short: the number of the oldest task that it comes from.
};
struct TaskDone {
  TaskId task;
  std::uint32_t attempt = 0;
  std::int64_t run_ns = 0;
  Payload result;             ///< The first; of a stream: nothing.
  std::vector<Payload> more;  ///< The others.
  std::uint64_t items = 0;    ///< Of a stream: how many there are.
  bool retains = false;       ///< The worker still holds references that came with the task, see object.h.
  bool is_last = false;       ///< The process ends after it: the owner says that it has it by ResultHeld.
};
struct TaskFailed {
  TaskId task;
  std::uint32_t attempt = 0;
  std::int64_t run_ns = 0;
  FailurePtr failure;
  bool retains = false;
};

/// The owner wants back what has not started.
struct RecallTasks {
  std::vector<TaskId> tasks;
};
/// Neither started nor going to.
struct ReturnTasks {
  std::vector<TaskId> tasks;
  bool waits = false;  ///< The task that runs waits for something: nothing more until it has ended.
};
/// A task that has not started is returned; one that runs is told (shoal::context().is_cancelled()).
struct CancelTask {
  TaskId task;
  std::uint32_t attempt = 0;
  bool recursive = false;  ///< And so are the tasks that it submitted.
};

/// Items are pinned and acknowledged as results are, see object.h. They come in order, and after an attempt that was lost
/// the next one leaves out those that came.
struct StreamItem {
  TaskId task;
  std::uint32_t attempt = 0;
  std::uint64_t index = 0;
  Payload value;
};
/// What an item uses of the credit: its bytes, and a little so that there is an end to empty ones.
inline std::int64_t cost_of(const Payload& item) { return 64 + static_cast<std::int64_t>(item.total_bytes()); }
/// The consumer took items: so much in all since the attempt was sent, items of earlier attempts included. An item may be
/// sent while what was sent before costs less than PushTask::credit and this.
struct StreamCredit {
  TaskId task;
  std::uint32_t attempt = 0;
  std::int64_t taken_bytes = 0;
};

}  // namespace shoal::wire

template <>
inline constexpr std::uint64_t shoal::enum_values<shoal::wire::StrategyKind> =
    shoal::wire::enumerator_count<shoal::wire::StrategyKind>();
