#include "sim/cluster/script_host.h"

#include <algorithm>
#include <utility>

namespace shoal::sim::cluster {

using owner::Object;

/// A script that runs, and what it waits for.
class ScriptHost::Activity final : public owner::Waiter, public owner::CreditWaiter {
 public:
  explicit Activity(const Script& runs) : script(runs) {}

  void on_ready(Object& object) override {
    std::erase(watched, &object);
    ++ready;
  }
  void on_claimable(Object&) override { claimable = true; }
  void on_credit() override { ++ready; }

  bool is_driver() const { return !execution.has_value(); }
  bool is_blocked() const { return ready < needed; }
  Object* find(Register reg) const {
    const auto found = held.find(reg);
    return found == held.end() ? nullptr : found->second;
  }
  bool has(const std::vector<Register>& registers) const {
    return std::ranges::all_of(registers, [this](Register reg) { return held.contains(reg); });
  }
  std::vector<ObjectId> ids(const std::vector<Register>& registers) const {
    std::vector<ObjectId> all;
    for (const Register reg : registers) all.push_back(held.at(reg)->id);
    return all;
  }

  const Script& script;
  std::optional<owner::Execution> execution;  // none: of the driver
  std::uint64_t seen = 0;                     // what it makes of its inputs
  std::size_t next_op = 0;
  std::map<Register, Object*> held;
  std::optional<wire::Failure> failure;
  Time began = 0;

  // While it waits.
  std::vector<Object*> watched;
  std::size_t ready = 0, needed = 0;
  bool claimable = false;  // something that makes it ready may be run here now
};

ScriptHost::ScriptHost(World& world, const Program& program, const Templates& templates, Ledger& ledger,
                       const Options& options)
    : world_(world),
      program_(program),
      templates_(templates),
      ledger_(ledger),
      options_(options),
      random_(world.random().next()),
      core_({.self = options.self, .node = options.node, .stream_bytes = options.stream_bytes}) {}

ScriptHost::~ScriptHost() = default;

void ScriptHost::begin_driver() {
  observed_.clear();
  driver_is_done_ = false;
  activities_.push_back(std::make_unique<Activity>(program_.scripts[0]));
  activities_.back()->seen = options_.seed;
  settle();
}

void ScriptHost::take_messages(std::vector<wire::Envelope>& into) {
  core_.dispatch();
  core_.take_messages(into);
}

void ScriptHost::on_message(ProcessId from, wire::Message message) {
  core_.on_time(world_.now());
  core_.on_message(from, std::move(message));
  settle();
}

void ScriptHost::on_process_died(ProcessId process, const std::string& cause) {
  core_.on_time(world_.now());
  core_.on_process_died(process, cause);
  settle();
}

void ScriptHost::on_time(Time now) {
  core_.on_time(now);
  if (run_at_ && *run_at_ <= now) {
    run_at_.reset();
    run_one_op(*activities_.back());
  }
  settle();
}

std::optional<Time> ScriptHost::next_time() const {
  const std::optional<Time> next = core_.next_time();
  if (!run_at_ || !next) return run_at_ ? run_at_ : next;
  return std::min(*run_at_, *next);
}

/// After each event: the script at the top goes on if it can; another starts where there is none.
void ScriptHost::settle() {
  if (lends_ && core_.has_next()) error_ = "tasks stay with a worker that waits";
  if (run_at_) return;
  if (activities_.empty()) {
    if (std::optional<owner::Execution> execution = core_.next()) start(std::move(*execution));
    if (activities_.empty()) return;
  }
  Activity& top = *activities_.back();
  if (top.is_blocked() && !try_claim(top)) return lend(top);
  if (std::exchange(lends_, false)) core_.waits_no_more();
  run_at_ = world_.now() + random_.between(1, options_.op_ns_max);
}

void ScriptHost::start(owner::Execution execution) {
  ledger_.began(core_.self(), execution.task, execution.attempt, execution.what->retries);
  const Script& script = program_.scripts[execution.what->function.offset];
  activities_.push_back(std::make_unique<Activity>(script));
  Activity& begun = *activities_.back();
  begun.began = world_.now();
  begun.execution = std::move(execution);
  const owner::Execution& what = *begun.execution;
  begun.seen = number_of(what.arguments);
  Register next = 0;
  if (what.resolved.size() != script.values.size() || what.arguments.refs().size() != script.refs.size()) {
    error_ = to_string(what.task) + " has other arguments than it was given";
  }
  for (const Payload& value : what.resolved) {
    if (number_of(value) == 0) error_ = to_string(what.task) + " has a corrupt argument";
    begun.seen = combine(begun.seen, number_of(value));
    if (!script.opens) continue;
    for (const ObjectId& id : value.refs()) begun.held[next++] = core_.open(id, what);
  }
  for (const ObjectId& id : what.arguments.refs()) begun.held[next++] = core_.open(id, what);
}

void ScriptHost::run_one_op(Activity& activity) {
  const std::vector<Op>& ops = activity.script.ops;
  if (activity.failure || activity.next_op == ops.size()) return finish(activity);
  const Op& op = ops[activity.next_op];
  ++ledger_.ops;
  const bool needs_in = op.kind == OpKind::get || op.kind == OpKind::settle || op.kind == OpKind::drop ||
                        op.kind == OpKind::cancel || op.kind == OpKind::next || op.kind == OpKind::end;
  bool is_over = true;
  // The driver goes on after an error, without what it did not get.
  if (activity.has(op.values) && activity.has(op.refs) && (!needs_in || activity.find(op.in) != nullptr)) {
    switch (op.kind) {
      case OpKind::put: op_put(activity, op); break;
      case OpKind::submit: op_submit(activity, op); break;
      case OpKind::get: is_over = op_get(activity, op); break;
      case OpKind::settle: is_over = op_wait(activity, {op.in}, 1); break;
      case OpKind::wait: is_over = op_wait(activity, op.refs, static_cast<std::size_t>(op.k)); break;
      case OpKind::yield: is_over = op_yield(activity, op); break;
      case OpKind::next: is_over = op_next(activity, op); break;
      case OpKind::end: is_over = op_end(activity, op); break;
      case OpKind::drop:
        if (random_.chance(30)) core_.drop_stream(*activity.find(op.in));
        release(activity.find(op.in));
        activity.held.erase(op.in);
        break;
      case OpKind::cancel: core_.cancel(activity.find(op.in)); break;
      case OpKind::fail:
        if (op.k > 0 && activity.execution->attempt >= op.k) break;
        activity.failure.emplace();
        activity.failure->code = ErrorCode::user_function;
        break;
    }
  }
  if (is_over) ++activity.next_op;
}

void ScriptHost::op_put(Activity& activity, const Op& op) {
  activity.held[op.outs[0]] = core_.put(
      to_value(combine(activity.seen, op.k), activity.script.padding, activity.ids(op.refs)));
}

void ScriptHost::op_submit(Activity& activity, const Op& op) {
  owner::TaskRequest request;
  request.what = templates_[op.script];
  request.arguments = to_value(combine(activity.seen, op.k), activity.script.padding, activity.ids(op.refs));
  for (const Register reg : op.values) request.resolve.push_back(activity.find(reg));
  if (activity.execution) request.parent = activity.execution->run;
  auto out = op.outs.begin();
  for (Object* each = core_.submit(std::move(request)); each != nullptr; each = each->next_result) {
    if (out == op.outs.end()) {
      error_ = "a task has more results than its template says";
      break;
    }
    activity.held[*out++] = each;
  }
  if (out != op.outs.end()) error_ = "a task has fewer results than its template says";
  if (random_.chance(50)) core_.dispatch();
}

/// True where the wait is over: the second time that it is asked.
bool ScriptHost::op_wait(Activity& activity, const std::vector<Register>& registers, std::size_t needed) {
  if (activity.needed == 0) {
    activity.needed = needed;
    activity.ready = 0;
    activity.claimable = true;
    for (const Register reg : registers) activity.watched.push_back(activity.find(reg));
    const std::vector<Object*> all = activity.watched;
    for (Object* object : all) core_.watch(object, &activity);
    if (activity.is_blocked()) block(activity);
    return false;
  }
  for (Object* object : std::exchange(activity.watched, {})) core_.unwatch(object, &activity);
  activity.needed = 0;
  activity.ready = 0;
  return true;
}

bool ScriptHost::op_get(Activity& activity, const Op& op) {
  if (!op_wait(activity, {op.in}, 1)) return false;
  Object& object = *activity.find(op.in);
  if (object.phase.load() == Object::Phase::pending) error_ = to_string(object.id) + " is called ready and is not";
  if (object.phase.load() != Object::Phase::value) {
    fail(activity, op.in, object);
    return true;
  }
  ledger_.read(object.id, object.value);
  const std::uint64_t number = number_of(object.value);
  if (activity.is_driver()) {
    observed_[op.in] = {.number = number, .error = ErrorCode::ok};
  } else {
    activity.seen = combine(activity.seen, number);
  }
  const auto refs = object.value.refs();
  if (refs.size() != op.outs.size()) error_ = to_string(object.id) + " has other references than were put into it";
  for (std::size_t index = 0; index < std::min(refs.size(), op.outs.size()); ++index) {
    activity.held[op.outs[index]] = core_.open(refs[index], object);
  }
  return true;
}

/// The driver goes on without it; a task fails likewise.
void ScriptHost::fail(Activity& activity, Register out, const Object& object) {
  const ErrorCode code = object.failure == nullptr ? ErrorCode::ok : object.failure->code;
  if (activity.is_driver()) {
    observed_[out] = {.number = std::nullopt, .error = code};
  } else {
    activity.failure = object.failure == nullptr ? wire::Failure() : *object.failure;
  }
}

bool ScriptHost::op_yield(Activity& activity, const Op& op) {
  activity.needed = 0;
  if (core_.may_yield(*activity.execution)) {
    core_.yield_item(*activity.execution,
                     to_value(combine(activity.seen, op.k), activity.script.padding, activity.ids(op.refs), k_item));
    return true;
  }
  activity.needed = 1;
  activity.ready = 0;
  core_.watch_credit(*activity.execution, &activity);
  block(activity);
  return false;
}

bool ScriptHost::op_next(Activity& activity, const Op& op) {
  activity.needed = 0;
  Object& stream = *activity.find(op.in);
  if (Object* const item = core_.next_item(stream)) {
    activity.held[op.outs[0]] = item;
    if (item->phase.load() != Object::Phase::value) error_ = to_string(item->id) + " is an item without a value";
    return true;
  }
  if (stream.phase.load() == Object::Phase::pending) {
    wait_for_stream(activity, stream);
    return false;
  }
  if (stream.failure == nullptr) error_ = to_string(stream.id) + " ended before its items were there";
  fail(activity, op.outs[0], stream);
  return true;
}

bool ScriptHost::op_end(Activity& activity, const Op& op) {
  activity.needed = 0;
  Object& stream = *activity.find(op.in);
  if (core_.next_item(stream) != nullptr) error_ = to_string(stream.id) + " gives more items than its function";
  if (stream.phase.load() == Object::Phase::pending) {
    wait_for_stream(activity, stream);
    return false;
  }
  if (stream.failure != nullptr) {
    fail(activity, op.in, stream);
  } else if (activity.is_driver()) {
    observed_[op.in] = {.number = 1, .error = ErrorCode::ok};
  }
  return true;
}

void ScriptHost::wait_for_stream(Activity& activity, Object& stream) {
  activity.needed = 1;
  activity.ready = 0;
  core_.watch_stream(stream, &activity);
  block(activity);
}

void ScriptHost::block(Activity& activity) {
  if (activity.is_blocked() && !try_claim(activity)) lend(activity);
}

void ScriptHost::lend(const Activity& activity) {
  if (activity.is_driver() || std::exchange(lends_, true)) return;
  core_.waits();
}

/// Puts what the activity waits for on top of it, where it may run here.
bool ScriptHost::try_claim(Activity& activity) {
  if (!activity.is_blocked()) return true;
  if (!options_.claims || !std::exchange(activity.claimable, false)) return false;
  for (Object* object : activity.watched) {
    if (std::optional<owner::Execution> execution = core_.claim(object,
                                                                activity.execution ? &*activity.execution : nullptr)) {
      start(std::move(*execution));
      return true;
    }
  }
  return false;
}

void ScriptHost::finish(Activity& activity) {
  if (activity.execution) ledger_.ended(core_.self(), activity.execution->task, activity.failure.has_value());
  if (activity.is_driver()) {
    driver_is_done_ = true;
  } else if (activity.failure) {
    core_.failed(std::move(*activity.execution), std::move(*activity.failure), world_.now() - activity.began);
  } else {
    std::vector<Payload> results;
    for (const auto& refs : activity.script.returns) {
      results.push_back(to_value(combine(activity.seen, results.size()), activity.script.padding, activity.ids(refs),
                                 activity.execution->attempt));
    }
    core_.done(std::move(*activity.execution), std::move(results), world_.now() - activity.began);
  }
  for (const auto& [reg, object] : activity.held) release(object);
  activities_.pop_back();
  if (!activities_.empty()) activities_.back()->claimable = true;
}

void ScriptHost::release(Object* object) {
  if (object->handles.fetch_sub(1) == 1) core_.released(object);
}

}  // namespace shoal::sim::cluster
