#include "sim/actors/worker.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "sim/actors/driver.h"
#include "sim/cluster/program.h"

namespace shoal::sim::actors {

using owner::Object;
using owner::Role;

namespace {

/// When all drivers did all they do. Actors that have handles on each other would live for ever.
constexpr Time k_calm = 1'000'000'000;
/// When they call nobody any more, either.
constexpr Time k_silence = 8'000'000'000;

}  // namespace

bool Worker::is_calm() const { return world_.now() >= k_calm; }

void Worker::go_on() {
  while (is_calm() && !handles_.empty()) drop_any();
  while (!is_crashing_) {
    std::optional<owner::Execution> execution = core_.next();
    if (!execution) return;
    begin(std::move(*execution));
  }
}

void Worker::begin(owner::Execution execution) {
  Running running;
  const bool constructs = execution.role == Role::constructor;
  check(execution);
  if (constructs) {
    actor_ = {execution.task.owner, execution.task.n};
    incarnation_ = execution.attempt;
    const auto retries = static_cast<std::int64_t>(cluster::number_of(execution.arguments)) - Driver::k_number;
    ledger_.hosted(actor_, incarnation_, self(), {core_.threads(), retries});
  } else {
    ledger_.began(actor_, incarnation_, execution.task, execution.attempt, cluster::number_of(execution.arguments));
    if (dice().chance(2)) {
      is_crashing_ = true;
      world_.later(0, [&world = world_, self = self()] { world.kill(self, "a crash in a call"); });
    }
  }
  for (const ObjectId& id : execution.arguments.refs()) running.opened.push_back(core_.open(id, execution));
  running.done_at = world_.now() + dice().between(1'000, constructs ? 5'000'000 : 300'000);
  running.waits = dice().chance(20);
  running.execution = std::move(execution);
  if (running.waits) core_.waits();
  running_.push_back(std::move(running));
}

void Worker::check(const owner::Execution& execution) {
  if (running_.size() >= core_.threads()) ledger_.fail(to_string(actor_) + " runs more at once than it has threads");
  const auto is_alone = [](const owner::Execution& one) { return one.role == Role::constructor; };
  if (!running_.empty() && (is_alone(execution) || is_alone(running_.front().execution))) {
    ledger_.fail(to_string(actor_) + " runs a call while it is constructed");
  }
  if (!exits_.empty()) ledger_.fail(to_string(actor_) + " begins a call after it ended itself");
}

/// Once it says that it ended, nobody waits for what it knew.
void Worker::says(const wire::Message& message) {
  const auto* ended = std::get_if<wire::ActorEnded>(&message);
  if (ended == nullptr || !ended->intended) return;
  for (const TaskId& call : exits_) {
    if (world_.is_alive(call.owner) && !ledger_.is_over(call)) {
      ledger_.fail(to_string(actor_) + " ended before its caller had the result of " + to_string(call));
    }
  }
}

void Worker::act(Time now) {
  if (now >= k_silence) cancel_all();
  std::vector<Running> done;
  std::erase_if(running_, [&](Running& running) {
    if (running.done_at > now) return false;
    done.push_back(std::move(running));
    return true;
  });
  for (Running& running : done) end(std::move(running));
}

void Worker::end(Running running) {
  if (is_crashing_) return;
  for (Object* const each : running.opened) keep(each);
  if (Object* const other = !is_calm() && dice().chance(30) ? any_handle() : nullptr; other != nullptr) call(*other);
  if (running.waits) core_.waits_no_more();
  const bool drops_first = dice().chance(50);
  if (drops_first && dice().chance(70)) drop_any();
  const bool is_bad = dice().chance(running.execution.role == Role::constructor ? 5 : 10);
  is_bad ? end_badly(std::move(running.execution)) : end_well(std::move(running.execution));
  if (!drops_first && dice().chance(70)) drop_any();
}

void Worker::end_badly(owner::Execution execution) {
  wire::Failure failure;
  failure.code = ErrorCode::user_function;
  core_.failed(std::move(execution), std::move(failure), 0);
}

void Worker::end_well(owner::Execution execution) {
  if (execution.role == Role::constructor) return core_.done(std::move(execution), {}, 0);
  if (dice().chance(3)) {
    exits_.push_back(execution.task);
    core_.exit_actor();
  }
  const std::uint64_t number = cluster::number_of(execution.arguments);
  if (dice().chance(80)) return core_.done(std::move(execution), {cluster::to_value(number, 0, {})}, 0);
  Object* const inner = core_.put(cluster::to_value(number, 0, {}));
  core_.done(std::move(execution), {cluster::to_value(number, 0, {inner->id})}, 0);
  release(inner);
}

std::optional<Time> Worker::next_act() const {
  std::optional<Time> next;
  if (!handles_.empty()) next = k_calm;
  if (!open_.empty() && !next) next = k_silence;
  for (const Running& running : running_) next = next ? std::min(*next, running.done_at) : running.done_at;
  return next;
}

}  // namespace shoal::sim::actors
