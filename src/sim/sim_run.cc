#include "sim/sim_run.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "data/exec/executor.h"
#include "data/exec/sizing.h"
#include "sim/checker.h"
#include "sim/random.h"
#include "sim/trace.h"

namespace shoal::sim {
namespace {

using namespace data;  // NOLINT: see sim_engine.cc

constexpr std::int64_t k_steps_max = 2'000'000;

/// A run and its consumer in virtual time.
class Play {
 public:
  Play(const Program& program, std::uint64_t seed, bool with_trace);
  SimResult run();

 private:
  struct Later {
    TimeNs time;
    std::int64_t bytes;
  };

  bool step();
  void serve_events();
  void act();
  void apply(Action& action);
  void receive(const Block& block);
  void consumer_turn();
  void release(std::int64_t bytes);
  void trace(const EngineEvent& event);
  void trace(const Action& action);
  void judge();
  void fail(const std::string& text) {
    if (result_.failure.empty()) result_.failure = text;
  }

  const Program& program_;
  const Meaning meaning_;
  Random random_;
  Trace trace_;
  SimEngine engine_;
  Executor executor_;
  Checker checker_;
  Actions actions_;
  std::vector<EngineEvent> polled_;  // scratch
  std::deque<EngineEvent> events_;
  TimeNs now_ = 0;
  std::optional<TimeNs> demand_at_ = 0;  // when the consumer asks for its next block
  std::vector<Later> kept_;              // what the consumer still has, and until when
  std::int64_t taken_ = 0;
  std::vector<std::int64_t> rows_;
  std::optional<Status> outcome_;
  SimResult result_;
};

Faults faults_of(const Program& program) {
  return {program.slow_percent, program.lost_percent, program.lost_actor_percent, program.pressure_percent,
          !program.lost_forever};
}

Play::Play(const Program& program, std::uint64_t seed, bool with_trace)
    : program_(program),
      meaning_(interpret(program)),
      random_(seed ^ 0x5eed),
      trace_(with_trace),
      engine_(seed ^ 0xe9e9, faults_of(program), {program.num_cpus, program.num_gpus, program.memory_budget}),
      executor_(to_plan(program)),
      checker_(executor_.plan()) {}

SimResult Play::run() {
  if (const Status feasible = check_feasible(executor_.plan()); !feasible.ok()) {
    fail("the program is infeasible: " + feasible.text());
    return result_;
  }
  executor_.start(now_);
  act();
  std::int64_t steps = 0;
  while (result_.failure.empty() && !(executor_.drained() && kept_.empty())) {
    if (++steps > k_steps_max) fail("the run does not come to an end");
    if (!step()) fail("the run is stuck: nothing runs and nobody is to act");
    if (result_.failure.empty()) result_.failure = checker_.failure();
  }
  judge();
  result_.events = steps;
  result_.faults = engine_.fault_counts();
  result_.trace_hash = trace_.hash();
  result_.trace = trace_.text();
  return result_;
}

/// What comes next in virtual time: a turn of the engine, the consumer, or a timer. False: nothing ever will.
bool Play::step() {
  enum class Next { none, turn, demand, let_go, timer } next = Next::none;
  TimeNs at = 0;
  const auto consider = [&](std::optional<TimeNs> time, Next what) {
    if (time && (next == Next::none || *time < at)) {
      next = what;
      at = std::max(*time, now_);
    }
  };
  consider(engine_.next_turn(), Next::turn);
  if (!outcome_) consider(demand_at_, Next::demand);
  const auto first = std::min_element(kept_.begin(), kept_.end(),
                                      [](const Later& a, const Later& b) { return a.time < b.time; });
  // A hoarder lets go when the run is over, never because it is stuck.
  const bool lets_go = first != kept_.end() && (program_.consumer != Consumer::hoarding || outcome_);
  if (lets_go) consider(first->time, Next::let_go);
  if (next != Next::none) consider(executor_.next_timer(), Next::timer);
  if (next == Next::none) return false;
  now_ = at;
  engine_.advance(now_);
  switch (next) {
    case Next::turn:
      engine_.run_turn();
      serve_events();
      break;
    case Next::demand: consumer_turn(); break;
    case Next::let_go: {
      const std::int64_t bytes = first->bytes;
      kept_.erase(first);
      release(bytes);
      break;
    }
    case Next::timer: executor_.on_timer(now_); break;
    case Next::none: break;
  }
  act();
  return true;
}

/// One event after the other, those that the actions upon it bring about last.
void Play::serve_events() {
  while (true) {
    engine_.poll(polled_);
    events_.insert(events_.end(), polled_.begin(), polled_.end());
    if (events_.empty()) return;
    EngineEvent event = std::move(events_.front());
    events_.pop_front();
    trace(event);
    checker_.on_event(event);
    executor_.on_event(std::move(event), now_);
    act();
  }
}

void Play::act() {
  executor_.take_actions(actions_, now_);
  Actions actions = std::exchange(actions_, {});
  for (Action& action : actions) {
    trace(action);
    checker_.on_action(action);
    apply(action);
  }
  if (result_.failure.empty()) checker_.compare(executor_.report(now_));
  if (!actions.empty()) serve_events();
}

void Play::apply(Action& action) {
  if (auto* submit = std::get_if<SubmitFragment>(&action)) return engine_.submit(std::move(submit->spec));
  if (auto* grant = std::get_if<GrantCredit>(&action)) return engine_.grant(grant->fragment, grant->bytes);
  if (auto* cancel = std::get_if<CancelFragment>(&action)) return engine_.cancel(cancel->fragment);
  if (auto* create = std::get_if<CreateActor>(&action)) return engine_.create_actor(create->actor, create->pipeline);
  if (auto* kill = std::get_if<KillActor>(&action)) return engine_.kill_actor(kill->actor);
  if (auto* drop = std::get_if<DropBlock>(&action)) return engine_.drop(drop->block);
  if (auto* block = std::get_if<DeliverBlock>(&action)) return receive(block->block);
  if (auto* finish = std::get_if<FinishRun>(&action)) outcome_ = finish->status;
}

void Play::consumer_turn() {
  demand_at_.reset();
  if (program_.consumer == Consumer::stopping && taken_ == program_.stop_after) {
    executor_.cancel(Status(ErrorCode::cancelled, "the consumer has seen enough"), now_);
    return;
  }
  executor_.on_demand(now_);
}

void Play::receive(const Block& block) {
  const Result<Rows> rows = engine_.get(block.id);
  engine_.drop(block.id);
  if (!rows.ok()) return fail("a delivered block is not there");
  const auto& column = static_cast<const arrow::Int64Array&>(*(*rows)->column(0));
  for (std::int64_t i = 0; i < block.rows; ++i) rows_.push_back(column.Value(block.offset + i));
  ++taken_;
  TimeNs keep = 0;
  TimeNs think = 0;
  switch (program_.consumer) {
    case Consumer::normal:
    case Consumer::stopping: break;
    case Consumer::slow: think = random_.between(1, 2'000'000'000); break;
    case Consumer::hoarding: keep = std::int64_t{1} << 50; break;
    case Consumer::keeping: keep = random_.between(1, 5'000'000); break;
  }
  kept_.push_back({now_ + keep, block.bytes});
  demand_at_ = now_ + think;
}

void Play::release(std::int64_t bytes) {
  trace_.add(now_, "release", {bytes});
  checker_.on_released(bytes);
  executor_.on_released(bytes, now_);
}

/// What the consumer got against what the program means.
void Play::judge() {
  if (!result_.failure.empty()) return;
  checker_.at_end();
  fail(checker_.failure());
  if (engine_.blocks_held() + engine_.fragments_live() + engine_.actors_live() > 0)
    fail("the engine still holds something");
  if (!outcome_) return fail("the run has no outcome");
  std::vector<std::int64_t> expected = meaning_.rows;
  result_.ended_in_error = !outcome_->ok();
  const bool stopped = program_.consumer == Consumer::stopping && outcome_->code() == ErrorCode::cancelled;
  const bool failed = program_.may_fail() &&
                      (outcome_->code() == ErrorCode::user_function || outcome_->code() == ErrorCode::worker_died);
  if (!outcome_->ok() && !stopped && !failed) return fail("the run ended in an error: " + outcome_->text());
  if (!meaning_.ordered) {
    std::sort(expected.begin(), expected.end());
    std::sort(rows_.begin(), rows_.end());
    if (!std::includes(expected.begin(), expected.end(), rows_.begin(), rows_.end()))
      fail("the consumer got rows that are not there");
    const auto all = std::min(meaning_.limit, static_cast<std::int64_t>(expected.size()));
    if (outcome_->ok() && static_cast<std::int64_t>(rows_.size()) != all)
      fail("the consumer got the wrong number of rows");
    return;
  }
  const bool is_prefix = rows_.size() <= expected.size() && std::equal(rows_.begin(), rows_.end(), expected.begin());
  if (!is_prefix) return fail("the consumer got other rows than the program means");
  // Timing decides nothing but when a stopping consumer stops, and which workers are lost for good.
  if (stopped || (outcome_->code() == ErrorCode::worker_died && program_.lost_forever)) return;
  if (outcome_->ok() == meaning_.fails) return fail("the run's outcome is not the program's");
  if (rows_.size() != expected.size()) fail("the consumer got too few rows");
}

void Play::trace(const EngineEvent& event) {
  const auto number = [](auto id) { return static_cast<std::int64_t>(id); };
  if (const auto* item = std::get_if<Item>(&event)) {
    trace_.add(now_, "item", {number(item->fragment), number(item->block.id), item->block.rows, item->block.bytes});
  }
  if (const auto* done = std::get_if<Done>(&event)) trace_.add(now_, "done", {number(done->fragment)});
  if (const auto* failed = std::get_if<Failed>(&event)) {
    trace_.add(now_, "failed",
               {number(failed->fragment), static_cast<std::int64_t>(failed->cause.code()), failed->system});
  }
  if (const auto* up = std::get_if<ActorUp>(&event)) trace_.add(now_, "actor up", {number(up->actor)});
  if (const auto* down = std::get_if<ActorDown>(&event)) trace_.add(now_, "actor down", {number(down->actor)});
}

void Play::trace(const Action& action) {
  const auto number = [](auto id) { return static_cast<std::int64_t>(id); };
  if (const auto* submit = std::get_if<SubmitFragment>(&action)) {
    const FragmentSpec& spec = submit->spec;
    trace_.add(now_, "submit " + spec.pipeline->label,
               {number(spec.id), spec.ordinal, spec.attempt, spec.skip_items, spec.actor ? number(*spec.actor) : -1});
  }
  if (const auto* grant = std::get_if<GrantCredit>(&action))
    trace_.add(now_, "grant", {number(grant->fragment), grant->bytes});
  if (const auto* cancel = std::get_if<CancelFragment>(&action)) trace_.add(now_, "cancel", {number(cancel->fragment)});
  if (const auto* create = std::get_if<CreateActor>(&action)) trace_.add(now_, "create actor", {number(create->actor)});
  if (const auto* kill = std::get_if<KillActor>(&action)) trace_.add(now_, "kill actor", {number(kill->actor)});
  if (const auto* drop = std::get_if<DropBlock>(&action)) trace_.add(now_, "drop", {number(drop->block)});
  if (const auto* deliver = std::get_if<DeliverBlock>(&action)) {
    trace_.add(now_, "deliver", {number(deliver->block.id), deliver->block.offset, deliver->block.rows});
  }
  if (const auto* finish = std::get_if<FinishRun>(&action)) {
    trace_.add(now_, "finish", {static_cast<std::int64_t>(finish->status.code())});
  }
}

}  // namespace

SimResult run_program(const Program& program, std::uint64_t seed, bool with_trace) {
  return Play(program, seed, with_trace).run();
}

SimResult run_seed(std::uint64_t seed, bool with_trace) { return run_program(make_program(seed), seed, with_trace); }

}  // namespace shoal::sim
