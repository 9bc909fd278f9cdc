#include "owner/tasks.h"

#include <shoal/base/error.h>
#include <shoal/base/type_name.h>

#include <algorithm>
#include <cassert>
#include <memory>
#include <utility>

#include "owner/limits.h"

namespace shoal::owner {
namespace {

using State = Task::State;

wire::FailurePtr failure_of(const Task& task, ErrorCode code, const std::string& text) {
  wire::Failure failure;
  failure.code = code;
  failure.text = "task " + task.of->what->name + " (" + to_string(task.id) + "): " + text;
  failure.task = task.of->what->name;
  failure.attempt = task.attempt;
  failure.process = task.id.owner;
  return std::make_shared<const wire::Failure>(std::move(failure));
}

/// The task never ran, because what it needs could not be had.
wire::FailurePtr failure_of_argument(const Task& task, const Object& argument) {
  wire::Failure failure = *argument.failure;
  failure.causes.insert(failure.causes.begin(), {failure.code, failure.text});
  failure.text = "task " + task.of->what->name + " (" + to_string(task.id) + ") did not run, its argument " +
                 to_string(argument.id) + " failed: " + argument.failure->text;
  return std::make_shared<const wire::Failure>(std::move(failure));
}

/// A task that went over its memory would do so again, unless it says otherwise.
bool retries_out_of_memory(const wire::TaskTemplate& what) {
  return std::any_of(what.retry_on.begin(), what.retry_on.end(), [](const wire::ExceptionType& type) {
    return type.name == "*" || type.name == full_type_name<OutOfMemory>() || type.name == full_type_name<Error>();
  });
}

/// One that has failed; null where none has.
const Object* failed_argument(const Task& task) {
  for (const Object* const object : task.resolve) {
    if (object->phase.load(std::memory_order_relaxed) == Object::Phase::failed) return object;
  }
  return nullptr;
}

std::vector<ObjectId> refs_in(const Values& values) {
  std::vector<ObjectId> refs(values.first.refs().begin(), values.first.refs().end());
  for (const Payload& value : values.more) refs.insert(refs.end(), value.refs().begin(), value.refs().end());
  return refs;
}

}  // namespace

Tasks::~Tasks() {
  table_.for_each([this](Task& task) { slab_.destroy(&task); });
}

Object* Tasks::submit(TaskRequest request, Actor* actor) {
  Task& task = *slab_.make();
  task.id = {self_, next_number()};
  task.of = &leases_.intern(request.what);
  task.retries_left = actor == nullptr ? request.what->retries : 0;
  task.actor = actor;
  task.arguments = std::move(request.arguments);
  task.resolve = std::move(request.resolve);
  table_.add(task);

  const bool gives_items = request.what->stream && actor == nullptr;
  for (std::uint32_t i = gives_items ? 1 : request.what->results; i-- > 0;) {
    Object* const result = objects_.make({self_, task.id.n, i});
    result->maker = &task;
    result->handles.store(1, std::memory_order_relaxed);
    result->next_result = std::exchange(task.results, result);
  }
  if (gives_items) task.stream = &streams_.make(task);
  for (const ObjectId& id : task.arguments.refs()) objects_.pin(*objects_.find(id));
  for (Object* const object : task.resolve) {
    objects_.pin(*object);
    objects_.add_need(*object, task);
  }
  ++task.missing;
  Object* const results = task.results;
  if (actor != nullptr) actors_.add(task);
  Run* const parent = request.parent;
  task.age = parent != nullptr ? parent->push.age : task.id.n;
  if (parent != nullptr) parent->children.add(task);
  if (parent != nullptr && parent->is_abandoned) {
    cancel(task, true);
    return results;
  }
  if (task.missing > 1 && actor == nullptr) leases_.consider(task);
  unblock(task);
  return results;
}

void Tasks::unblock(Task& task) {
  if (--task.missing > 0) return;
  leases_.follows_no_more(task);
  const Object* const failed = failed_argument(task);
  if (task.state != State::blocked) {
    if (failed != nullptr) cancel(task, true, failure_of_argument(task, *failed));  // it follows what failed
    return;
  }
  if (failed != nullptr) {
    if (task.actor != nullptr) actors_.withdraw(task);
    return fail(task, failure_of_argument(task, *failed));
  }
  task.actor == nullptr ? leases_.enqueue(task) : actors_.ready(task);
}

// --- Ends of attempts.

/// The task, where this is what became of its present attempt; what is said of earlier ones came too late.
Task* Tasks::find(ProcessId from, const TaskId& id, std::uint32_t attempt) const {
  Task* const task = table_.find(id.n);
  if (task == nullptr || task->attempt != attempt) return nullptr;
  if (task->state == State::here) return from == self_ ? task : nullptr;
  return task->state == State::pushed && task->worker == from ? task : nullptr;
}

/// It is no more with whoever ran it.
void Tasks::leave(Task& task, std::int64_t run_ns, Time now) {
  task.actor == nullptr ? leases_.ended(task, run_ns, now) : actors_.ended(task);
}

void Tasks::on(ProcessId from, wire::TaskDone& done, Time now) {
  Task* const task = find(from, done.task, done.attempt);
  if (task == nullptr) return;
  Outcome outcome{.items = done.items, .retains = done.retains, .is_awaited = done.is_last, .run_ns = done.run_ns};
  outcome.results = {std::move(done.result), std::move(done.more)};
  on_end(*task, from, std::move(outcome), now);
}

void Tasks::on(ProcessId from, wire::TaskFailed& failed, Time now) {
  Task* const task = find(from, failed.task, failed.attempt);
  if (task == nullptr) return;
  on_end(*task, from, {.failure = std::move(failed.failure), .retains = failed.retains, .run_ns = failed.run_ns}, now);
}

void Tasks::on_end(Task& task, ProcessId from, Outcome outcome, Time now) {
  leave(task, outcome.run_ns, now);
  task.state = State::settling;
  task.losses = 0;
  if (outcome.retains) {
    task.held_by.push_back(from);
    retained_by_[from].insert(task.id.n);
  }
  if (outcome.failure != nullptr) {
    if (!task.cancelled && is_retried(task, *outcome.failure)) return retry(task);
    return fail(task, std::move(outcome.failure));
  }
  if (task.stream != nullptr && outcome.items != task.stream->received) {
    return fail(task, failure_of(task, ErrorCode::user_function,
                                 "it gave " + std::to_string(outcome.items) + " items after an attempt that gave " +
                                     std::to_string(task.stream->received) + "; each attempt must give the same"));
  }
  std::vector<ObjectId> held = refs_in(outcome.results);
  if (held.empty() && !outcome.is_awaited) return give(task, outcome.results);
  task.settling = std::make_unique<Settling>();
  Settling& settling = *task.settling;
  settling.worker = from;
  settling.results = std::move(outcome.results);
  settling.held = std::move(held);
  settling.commit.target = &task;
  objects_.hold_all(settling.held, settling.commit);
  if (settling.commit.missing == 0) commit(task);
}

void Tasks::commit(Task& task) {
  const std::unique_ptr<Settling> settling = std::move(task.settling);
  out_.send(settling->worker, wire::ResultHeld{task.id, task.attempt});
  give(task, settling->results);
  objects_.unpin_all(settling->held);
}

void Tasks::give(Task& task, Values& values) {
  if (task.stream != nullptr && !task.stream->arriving.empty()) return end_after_items(task, nullptr);
  auto more = values.more.begin();
  for (Object* each = task.results; each != nullptr; each = each->next_result) {
    if (each == task.results) {
      objects_.set_value(*each, std::move(values.first));
    } else {
      objects_.set_value(*each, more != values.more.end() ? std::move(*more++) : Payload());
    }
  }
  over(task);
}

bool Tasks::is_retried(const Task& task, const wire::Failure& failure) const {
  if (task.retries_left == 0 || failure.code != ErrorCode::user_function) return false;
  const std::vector<wire::ExceptionType>& wanted = task.of->what->retry_on;
  return std::any_of(wanted.begin(), wanted.end(), [&](const wire::ExceptionType& type) {
    return type.name == "*" || type.name == failure.type ||
           std::find(failure.bases.begin(), failure.bases.end(), type.name) != failure.bases.end();
  });
}

/// A process that ran it is gone: a new attempt, if there is one left.
void Tasks::lose(Task& task, ProcessId worker, const std::string& cause, ErrorCode code) {
  ++task.losses;
  const bool is_worth_it = code != ErrorCode::out_of_memory || retries_out_of_memory(*task.of->what);
  if (task.retries_left != 0 && is_worth_it) return retry(task);
  std::string text = "its worker " + to_string(worker) + " is gone: " + cause;
  if (task.losses >= k_poison_losses) {
    text = "it is poison: in a row it lost " + std::to_string(task.losses) +
           " workers, which it most likely ends itself; at last " + text;
  }
  fail(task, failure_of(task, code, text));
}

/// Once more, and it counts. Less than 0 = for ever.
void Tasks::retry(Task& task) {
  if (task.retries_left > 0) --task.retries_left;
  ++task.attempt;
  task.state = State::blocked;
  if (task.missing == 0) leases_.enqueue(task);  // else what it followed gave nothing yet
}

void Tasks::fail(Task& task, wire::FailurePtr failure) {
  if (task.stream != nullptr && !task.stream->arriving.empty()) return end_after_items(task, std::move(failure));
  for (Object* each = task.results; each != nullptr; each = each->next_result) objects_.set_failure(*each, failure);
  over(task);
}

/// They are known, and freed where nobody needs them.
void Tasks::let_go_of(Object* results) {
  while (results != nullptr) objects_.released(*std::exchange(results, results->next_result));
}

/// It did not start: as if it had never been sent. True where it is ready.
bool Tasks::requeue(Task& task) {
  task.state = State::blocked;
  if (task.missing > 0) return false;
  leases_.enqueue_first(task);
  return true;
}

/// Its results are known. Workers may still hold arguments.
void Tasks::over(Task& task) {
  if (task.missing > 0) objects_.forget_need(task.resolve, task);
  if (task.siblings != nullptr) task.siblings->remove(task);
  if (task.stream != nullptr) streams_.end(*std::exchange(task.stream, nullptr));
  let_go_of(std::exchange(task.results, nullptr));
  task.state = State::over;
  if (task.actor != nullptr) actors_.unpin(task);
  if (task.held_by.empty()) let_go(task);
}

void Tasks::held_no_more(Task& task, ProcessId worker) {
  const auto one = std::find(task.held_by.begin(), task.held_by.end(), worker);
  if (one != task.held_by.end()) task.held_by.erase(one);
  if (task.held_by.empty() && task.state == State::over) let_go(task);
}

void Tasks::let_go(Task& task) {
  objects_.unpin_all(task.arguments.refs());
  for (Object* const object : task.resolve) objects_.unpin(*object);
  table_.remove(task);
  slab_.destroy(&task);
}

// --- Streams.

void Tasks::on(ProcessId from, wire::StreamItem& item) {
  Task* const task = find(from, item.task, item.attempt);
  if (task == nullptr) return;  // of a worker that is gone
  if (task->stream == nullptr || item.index != task->stream->received) return streams_.refuse(from, item);
  streams_.add(*task->stream, from, item);
}

void Tasks::registered(Arrival& arrival) {
  Stream& stream = *arrival.stream;
  Task* const task = stream.task;
  streams_.registered(arrival);
  if (task == nullptr || !stream.is_over || !stream.arriving.empty()) return;
  if (stream.failure != nullptr) return fail(*task, std::move(stream.failure));
  Values nothing;
  give(*task, nothing);
}

/// The end becomes known when this process is registered for all that the items contain.
void Tasks::end_after_items(Task& task, wire::FailurePtr failure) {
  task.state = State::settling;
  task.stream->is_over = true;
  task.stream->failure = std::move(failure);
}

void Tasks::drop(Stream& stream) {
  if (stream.task == nullptr) return streams_.drop(stream);
  cancel(*stream.task, false);  // what it submitted may stand in items that were taken
}

/// True where nothing but its items kept its end from being known.
bool Tasks::drop_items(Task& task) {
  if (task.stream == nullptr) return false;
  Stream& stream = *std::exchange(task.stream, nullptr);
  const bool is_over = stream.is_over;
  streams_.drop(stream);
  return is_over;
}

void Tasks::on(ProcessId from, const wire::Retained& retained) {
  const auto by = retained_by_.find(from);
  if (by == retained_by_.end()) return;
  const auto held = by->second.find(retained.task.n);
  if (held == by->second.end()) return;
  by->second.erase(held);
  if (by->second.empty()) retained_by_.erase(by);
  held_no_more(*table_.find(retained.task.n), from);
}

void Tasks::on(ProcessId from, const wire::ReturnTasks& returned, Time now) {
  leases_.on_returned(from, returned.waits);
  for (auto id = returned.tasks.rbegin(); id != returned.tasks.rend(); ++id) {
    Task* const task = table_.find(id->n);
    if (task == nullptr || task->state != State::pushed || task->worker != from) continue;
    if (task->actor != nullptr && !task->cancelled) continue;  // not from a sound peer
    leave(*task, -1, now);
    if (task->cancelled) {
      over(*task);
    } else if (requeue(*task)) {
      for (Object* each = task->results; each != nullptr; each = each->next_result) objects_.tell_claimable(*each);
    }
  }
}

void Tasks::on_refused(const wire::LeaseRefused& refused) {
  for (Task* const task : leases_.on(refused)) {
    leases_.withdraw(*task);
    fail(*task, failure_of(*task, ErrorCode::infeasible, refused.text));
  }
}

void Tasks::on_worker_died(ProcessId worker, const std::string& cause, ErrorCode code) {
  const std::vector<Leases::Lost> lost = leases_.on_worker_died(worker);
  for (auto it = lost.rbegin(); it != lost.rend(); ++it) {
    Task& task = *it->task;
    task.state = State::settling;
    if (task.cancelled) {
      over(task);
    } else if (!it->may_have_started) {
      requeue(task);
    } else {
      lose(task, worker, cause, code);
    }
  }
  if (const auto by = retained_by_.extract(worker); !by.empty()) {
    for (const std::uint64_t n : by.mapped()) held_no_more(*table_.find(n), worker);
  }
}

void Tasks::on_lost(const Actors::Lost& lost) {
  objects_.forget_need(lost.call->resolve, *lost.call);
  fail(*lost.call, lost.failure);
}

// --- What others decide.

void Tasks::cancel(Object& result, bool recursive) {
  if (result.maker != nullptr) cancel(*result.maker, recursive);
}

void Tasks::cancel_children(Run& run) {
  run.is_abandoned = true;
  while (Task* const child = run.children.first()) {
    run.children.remove(*child);
    cancel(*child, true);
  }
}

void Tasks::cancel(Task& task, bool recursive) {
  if (!task.cancelled) cancel(task, recursive, failure_of(task, ErrorCode::cancelled, "it was cancelled"));
}

void Tasks::cancel(Task& task, bool recursive, const wire::FailurePtr& failure) {
  if (task.cancelled) return;
  const bool is_over = drop_items(task);
  const wire::CancelTask message{task.id, task.attempt, recursive};
  switch (task.state) {
    case State::blocked:
      objects_.forget_need(task.resolve, task);
      if (task.actor != nullptr) actors_.withdraw(task);
      return fail(task, failure);
    case State::ready: leases_.withdraw(task); return fail(task, failure);
    case State::queued: actors_.withdraw(task); return fail(task, failure);
    case State::pushed: out_.send(task.worker, message); break;
    case State::here: out_.send(self_, message); break;
    case State::settling: break;
    case State::over: return;
  }
  task.cancelled = true;
  Object* const results = std::exchange(task.results, nullptr);
  for (Object* each = results; each != nullptr; each = each->next_result) objects_.set_failure(*each, failure);
  let_go_of(results);
  if (is_over) over(task);
}

void Tasks::cancel_all() {
  std::vector<Object*> results;
  table_.for_each([&](const Task& task) {
    if (task.results != nullptr) results.push_back(task.results);
  });
  for (Object* const result : results) objects_.pin(*result);  // one that goes may take others along
  for (Object* const result : results) cancel(*result, true);
  for (Object* const result : results) objects_.unpin(*result);
}

Task* Tasks::find_ready(Object& object) const { return find_ready(object, k_claim_depth); }

Task* Tasks::find_ready(Object& object, int depth) const {
  Task* const task = object.maker;
  if (task == nullptr || depth == 0) return nullptr;
  if (task->state == State::ready) return task->stream == nullptr ? task : nullptr;
  if (task->state != State::blocked) return nullptr;
  for (Object* const argument : task->resolve) {
    if (argument->phase.load(std::memory_order_relaxed) != Object::Phase::pending) continue;
    return find_ready(*argument, depth - 1);
  }
  return nullptr;
}

wire::PushTask Tasks::begin_here(Task& task) {
  leases_.withdraw(task);
  task.state = State::here;
  return attempt_of(task);
}

}  // namespace shoal::owner
