#include "owner/runs.h"

#include <algorithm>
#include <set>
#include <utility>

namespace shoal::owner {
namespace {

bool follows(const Run& run, const std::set<RunKey>& makers) {
  return std::ranges::any_of(run.push.following, [&](const wire::Following& each) {
    return makers.contains({{run.push.task.owner, each.task}, each.attempt});
  });
}

}  // namespace

Runs::~Runs() {
  table_.for_each([this](Run& run) { slab_.destroy(&run); });
}

Run& Runs::make(wire::PushTask push, const wire::TaskTemplate& what, Role role) {
  Run& run = *slab_.make();
  run.role = role;
  run.push = std::move(push);
  run.what = &what;
  run.retained.target = &run;
  if (what.stream) {
    run.yield = std::make_unique<Yield>();
    run.yield->credit = run.push.credit;
  }
  table_.add(run);
  return run;
}

void Runs::destroy(Run& run) {
  table_.remove(run);
  slab_.destroy(&run);
}

void Runs::on(ProcessId from, wire::DefineTemplate& define) {
  auto& known = templates_[from];
  if (known.size() <= define.id) known.resize(define.id + 1);
  known[define.id] = std::move(define.what);
}

const wire::TaskTemplate* Runs::find_template(ProcessId of, std::uint32_t id) const {
  const auto known = templates_.find(of);
  return known == templates_.end() || id >= known->second.size() ? nullptr : known->second[id].get();
}

void Runs::on(ProcessId from, wire::PushTask& push) {
  const wire::TaskTemplate* const what = find_template(from, push.task_template);
  if (what == nullptr) return;  // not from a sound peer
  if (!follow(push)) return out_.send(from, wire::ReturnTasks{.tasks = {push.task}});
  enqueue(std::move(push), *what, Role::task);
}

/// Whether what it follows is still to come, or was the last that ended.
bool Runs::follow(const wire::PushTask& push) {
  for (auto each = push.following.begin(); each != push.following.end(); ++each) {
    const RunKey maker{{push.task.owner, each->task}, each->attempt};
    const Run* const run = table_.find(maker);
    if (run != nullptr && run->state != Run::State::ended) {
      handovers_.expect(maker);
    } else if (!handovers_.expect_last(maker)) {
      handovers_.forget(push.task.owner, {push.following.begin(), each});
      return false;
    }
  }
  return true;
}

void Runs::enqueue(wire::PushTask push, const wire::TaskTemplate& what, Role role) {
  queue_.push_back(&make(std::move(push), what, role));
}

Run* Runs::find_running(const RunKey& key) const {
  Run* const run = table_.find(key);
  return run != nullptr && run->state == Run::State::running ? run : nullptr;
}

Execution Runs::begin_here(wire::PushTask push, const wire::TaskTemplate& what) {
  return start(make(std::move(push), what, Role::task));
}

std::optional<Execution> Runs::next() {
  while (!queue_.empty()) {
    Run& run = *queue_.front();
    queue_.pop_front();
    if (handovers_.take(run.push)) return start(run);
    out_.send(run.push.task.owner, wire::ReturnTasks{.tasks = {run.push.task}});  // it asked for what never was
    destroy(run);
  }
  return std::nullopt;
}

Execution Runs::start(Run& run) {
  run.state = Run::State::running;
  running_.push_back(&run);
  Execution execution;
  execution.role = run.role;
  execution.task = run.push.task;
  execution.attempt = run.push.attempt;
  execution.what = run.what;
  execution.arguments = std::move(run.push.arguments);
  execution.resolved = std::move(run.push.resolved);
  execution.gpus = std::move(run.push.gpus);
  execution.skip_items = run.push.skip_items;
  execution.cancelled = &run.cancelled;
  execution.run = &run;
  return execution;
}

// --- What goes on to those that follow.

/// What contains references goes by way of the owner, who has to register for them.
bool Runs::hand_on(const Run& run, const std::vector<Payload>& results) {
  const bool goes = run.role == Role::task &&
                    std::ranges::all_of(results, [](const Payload& result) { return result.refs().empty(); });
  if (goes) handovers_.give({run.push.task, run.push.attempt}, results);
  return goes;
}

/// Behind the end of what they follow, so that the owner does not send them again at once.
void Runs::return_followers(const Run& run) {
  const RunKey maker{run.push.task, run.push.attempt};
  if (!handovers_.is_followed(maker)) return;
  std::vector<TaskId> back = take_back([&](const Run& each) { return follows(each, {maker}); });
  out_.send(maker.task.owner, wire::ReturnTasks{.tasks = std::move(back)});
}

/// Those that `which` says, and all that follow them, taken out of the queue in their order.
template <class Which>
std::vector<TaskId> Runs::take_back(Which&& which) {
  std::set<RunKey> makers;
  std::vector<TaskId> back;
  std::erase_if(queue_, [&](Run* run) {
    if (!which(*run) && !follows(*run, makers)) return false;
    makers.insert({run->push.task, run->push.attempt});
    back.push_back(run->push.task);
    drop_queued(*run);
    return true;
  });
  return back;
}

void Runs::drop_queued(Run& run) {
  handovers_.forget(run.push.task.owner, run.push.following);
  destroy(run);
}

// --- Ends.

void Runs::done(Execution execution, std::vector<Payload> results, std::int64_t run_ns, bool is_last) {
  Run& run = *execution.run;
  if (run.role == Role::constructor) return end_constructor(run);
  wire::TaskDone message;
  message.task = execution.task;
  message.attempt = execution.attempt;
  message.run_ns = run_ns;
  message.is_last = run.awaits_held = is_last;
  const bool has_handed_on = hand_on(run, results);
  for (const Payload& result : results) {
    for (const ObjectId& id : result.refs()) {
      objects_.pin(*objects_.find(id));
      run.result_refs.push_back(id);
    }
  }
  if (!results.empty()) {
    message.result = std::move(results.front());
    message.more.assign(std::make_move_iterator(results.begin() + 1), std::make_move_iterator(results.end()));
  }
  if (run.yield != nullptr) message.items = run.yield->items;
  message.retains = end(run);
  const ProcessId submitter = execution.task.owner;
  if (!run.submitter_died) out_.send(submitter, std::move(message));
  if (!has_handed_on) return_followers(run);
  close_if_over(run);
}

void Runs::failed(Execution execution, wire::Failure failure, std::int64_t run_ns) {
  Run& run = *execution.run;
  if (run.role == Role::constructor) return end_constructor(run);
  failure.task = execution.what->name;
  failure.attempt = execution.attempt;
  failure.process = self_;
  wire::TaskFailed message;
  message.task = execution.task;
  message.attempt = execution.attempt;
  message.run_ns = run_ns;
  message.failure = std::make_shared<const wire::Failure>(std::move(failure));
  message.retains = end(run);
  if (!run.submitter_died) out_.send(execution.task.owner, std::move(message));
  return_followers(run);
  close_if_over(run);
}

/// Nobody waits for a result; what it still holds it registers for like any run.
void Runs::end_constructor(Run& run) {
  end(run);
  close_if_over(run);
}

/// Whether references that came with it are still held here.
bool Runs::end(Run& run) {
  run.state = Run::State::ended;
  std::erase(running_, &run);
  while (Task* const child = run.children.first()) run.children.remove(*child);
  if (!run.opened.empty()) objects_.uncover(run.opened, run.retained);
  return run.retained.missing > 0;
}

void Runs::close_if_over(Run& run) {
  if (run.state != Run::State::ended) return;
  if (run.submitter_died) {
    run.awaits_held = false;
    objects_.unpin_all(std::exchange(run.result_refs, {}));
    if (run.yield != nullptr) {
      for (const auto& [index, refs] : std::exchange(run.yield->refs, {})) objects_.unpin_all(refs);
    }
  }
  const bool items_are_held = run.yield == nullptr || run.yield->refs.empty();
  if (run.retained.missing == 0 && run.result_refs.empty() && items_are_held && !run.awaits_held) destroy(run);
}

void Runs::retained(Run& run) {
  if (!run.submitter_died && run.role != Role::constructor) {
    out_.send(run.push.task.owner, wire::Retained{run.push.task, run.push.attempt});
  }
  close_if_over(run);
}

void Runs::on(ProcessId, const wire::ResultHeld& held) {
  Run* const run = table_.find({held.task, held.attempt});
  if (run == nullptr) return;
  run->awaits_held = false;
  objects_.unpin_all(std::exchange(run->result_refs, {}));
  close_if_over(*run);
}

// --- Items.

bool Runs::may_yield(const Run& run) {
  return run.yield->sent < run.yield->credit || run.cancelled.load(std::memory_order_relaxed);
}

bool Runs::yield_item(const Execution& execution, Payload item) {
  Run& run = *execution.run;
  Yield& yield = *run.yield;
  const std::uint64_t index = yield.items++;
  if (index < execution.skip_items || run.cancelled.load(std::memory_order_relaxed)) return may_yield(run);
  for (const ObjectId& id : item.refs()) {
    objects_.pin(*objects_.find(id));
    yield.refs[index].push_back(id);
  }
  yield.sent += wire::cost_of(item);
  out_.send(execution.task.owner, wire::StreamItem{execution.task, execution.attempt, index, std::move(item)});
  return may_yield(run);
}

void Runs::watch_credit(const Execution& execution, CreditWaiter* waiter) {
  execution.run->yield->waiter = waiter;
  tell_credit(*execution.run);
}

void Runs::tell_credit(Run& run) {
  if (run.yield == nullptr || run.yield->waiter == nullptr || !may_yield(run)) return;
  std::exchange(run.yield->waiter, nullptr)->on_credit();
}

void Runs::on(ProcessId, const wire::StreamCredit& credit) {
  Run* const run = table_.find({credit.task, credit.attempt});
  if (run == nullptr || run->yield == nullptr) return;
  run->yield->credit = run->push.credit + credit.taken_bytes;
  tell_credit(*run);
}

void Runs::on(ProcessId, const wire::ItemHeld& held) {
  Run* const run = table_.find({held.task, held.attempt});
  if (run == nullptr || run->yield == nullptr) return;
  if (const auto refs = run->yield->refs.extract(held.index); !refs.empty()) objects_.unpin_all(refs.mapped());
  close_if_over(*run);
}

// --- What has not started, and what nobody wants any more.

/// Its function is told; whether it stops is its own affair.
void Runs::cancel(Run& run) {
  run.cancelled.store(true, std::memory_order_relaxed);
  tell_credit(run);
}

void Runs::give_back_queued() {
  std::map<ProcessId, wire::ReturnTasks> back;
  for (const Run* const run : running_) {
    if (!run->submitter_died && run->push.task.owner != self_) back[run->push.task.owner].waits = true;
  }
  for (Run* const run : std::exchange(queue_, {})) {
    back[run->push.task.owner].tasks.push_back(run->push.task);
    drop_queued(*run);
  }
  for (auto& [owner, tasks] : back) out_.send(owner, std::move(tasks));
}

void Runs::on(ProcessId from, const wire::RecallTasks& recall) {
  const std::set<TaskId> wanted(recall.tasks.begin(), recall.tasks.end());
  std::vector<TaskId> back = take_back([&](const Run& run) { return wanted.contains(run.push.task); });
  out_.send(from, wire::ReturnTasks{.tasks = std::move(back)});  // an empty one, too: it ends the recall
}

Run* Runs::on(ProcessId from, const wire::CancelTask& cancelled) {
  Run* const run = table_.find({cancelled.task, cancelled.attempt});
  if (run == nullptr || run->state == Run::State::ended) return nullptr;
  if (run->state == Run::State::running) {
    cancel(*run);
    return cancelled.recursive ? run : nullptr;
  }
  std::vector<TaskId> back = take_back([&](const Run& each) { return &each == run; });
  out_.send(from, wire::ReturnTasks{.tasks = std::move(back)});
  return nullptr;
}

std::vector<Run*> Runs::on_process_died(ProcessId process) {
  std::vector<Run*> of_it, running;
  table_.for_each([&](Run& run) {
    if (run.push.task.owner == process && run.role != Role::constructor) of_it.push_back(&run);
  });
  for (Run* const run : of_it) {
    run->submitter_died = true;
    if (run->state == Run::State::queued) {
      std::erase(queue_, run);
      drop_queued(*run);
    } else if (run->state == Run::State::running) {
      cancel(*run);
      running.push_back(run);
    } else {
      close_if_over(*run);
    }
  }
  return running;
}

void Runs::add_submitters(std::set<ProcessId>& submitters) const {
  table_.for_each([&](const Run& run) {
    if (run.push.task.owner != self_) submitters.insert(run.push.task.owner);
  });
}

std::vector<std::string> Runs::running() const {
  std::vector<std::string> names;
  for (const Run* const run : running_) names.push_back(run->what->name + " (" + to_string(run->push.task) + ")");
  return names;
}

}  // namespace shoal::owner
