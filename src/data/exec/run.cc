#include "data/exec/run.h"

#include <arrow/record_batch.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "data/exec/executor.h"
#include "data/exec/sizing.h"

namespace shoal::data {
namespace {

TimeNs steady_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// The run itself. Leases and engine callbacks may outlive the consumer's handle for a moment; after stop() they find
/// it closed.
class RunState : public std::enable_shared_from_this<RunState> {
 public:
  RunState(PhysicalPlan plan, std::unique_ptr<Engine> engine, RunHooks hooks)
      : hooks_(std::move(hooks)), executor_(std::move(plan)), engine_(std::move(engine)) {}

  void start();
  Result<Run::Delivered> next();
  void cancel(const Status& reason);
  void stop();
  RunReport report() const;
  std::vector<std::string> running_labels() const;

  /// Brings what happened to the executor. Whoever calls while another thread does so leaves it to that thread, which
  /// looks again before it goes: no event is left behind, and nobody waits.
  void pump();
  void release(std::int64_t bytes) {
    released_.fetch_add(bytes, std::memory_order_relaxed);
    pump();
  }

 private:
  using Lock = std::unique_lock<std::mutex>;
  void drive();
  void act(Lock& lock, TimeNs now);
  void apply(Action& action);
  void deliver(const DeliverBlock& action);
  void sleep(Lock& lock);
  bool has_answer() const { return !inbox_.empty() || outcome_.has_value(); }

  const RunHooks hooks_;
  std::atomic<std::int64_t> calls_{0};      // of pump() that are not served yet
  std::atomic<std::int64_t> released_{0};   // bytes
  std::mutex stopping_;                     // one stop() at a time

  mutable std::mutex mutex_;
  std::condition_variable consumer_;
  std::condition_variable drained_;
  Executor executor_;                       // guarded by mutex_, as all below
  std::unique_ptr<Engine> engine_;          // null once stopped
  std::deque<Run::Delivered> inbox_;
  std::optional<Status> outcome_;
  Actions actions_;
  std::vector<EngineEvent> events_;         // scratch
  std::vector<FragmentTrace> traces_;
  std::int64_t consumer_wait_ns_ = 0;
  std::optional<TimeNs> waiting_since_;
  std::optional<TimeNs> wakes_at_;          // when the waiting consumer looks at the timers
  bool answered_ = false;                   // the consumer is to be told
  bool closed_ = false;                     // no call of the engine any more
};

struct Lease {
  Lease(std::weak_ptr<RunState> of, std::int64_t size) : run(std::move(of)), bytes(size) {}
  ~Lease() {
    if (const auto alive = run.lock()) alive->release(bytes);
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  const std::weak_ptr<RunState> run;
  const std::int64_t bytes;
};

void RunState::start() {
  engine_->set_wakeup([this] { pump(); });
  Lock lock(mutex_);
  const TimeNs now = steady_now();
  executor_.start(now);
  act(lock, now);
}

void RunState::pump() {
  if (calls_.fetch_add(1, std::memory_order_acq_rel) != 0) return;
  std::int64_t served = 0;
  do {
    served = calls_.load(std::memory_order_acquire);
    drive();
  } while (calls_.fetch_sub(served, std::memory_order_acq_rel) != served);
}

void RunState::drive() {
  Lock lock(mutex_);
  if (closed_) return;
  const TimeNs now = steady_now();
  const std::int64_t released = released_.exchange(0, std::memory_order_relaxed);
  if (released > 0) executor_.on_released(released, now);
  engine_->poll(events_);
  for (EngineEvent& event : events_) executor_.on_event(std::move(event), now);
  if (const auto timer = executor_.next_timer()) {
    if (*timer <= now) executor_.on_timer(now);
    // A consumer that sleeps for longer is to look at the clock again.
    if (waiting_since_ && (!wakes_at_ || *timer < *wakes_at_)) answered_ = true;
  }
  act(lock, now);
}

/// Applies what the executor decided; then, without the lock, tells the consumer, and the observer of fragments that
/// ended.
void RunState::act(Lock& lock, TimeNs now) {
  executor_.take_actions(actions_, now);
  for (Action& action : actions_) apply(action);
  if (executor_.drained()) drained_.notify_all();
  std::vector<FragmentTrace> traces;
  traces.swap(traces_);
  // A consumer that is woken while the lock is held would go to sleep again at once, for the lock.
  const bool answered = std::exchange(answered_, false);
  lock.unlock();
  if (answered) consumer_.notify_one();
  for (const FragmentTrace& trace : traces) hooks_.on_fragment(trace);
}

void RunState::apply(Action& action) {
  if (auto* submit = std::get_if<SubmitFragment>(&action)) return engine_->submit(std::move(submit->spec));
  if (auto* grant = std::get_if<GrantCredit>(&action)) return engine_->grant(grant->fragment, grant->bytes);
  if (auto* cancelled = std::get_if<CancelFragment>(&action)) return engine_->cancel(cancelled->fragment);
  if (auto* create = std::get_if<CreateActor>(&action)) {
    return engine_->create_actor(create->actor, std::move(create->pipeline));
  }
  if (auto* kill = std::get_if<KillActor>(&action)) return engine_->kill_actor(kill->actor);
  if (auto* drop = std::get_if<DropBlock>(&action)) return engine_->drop(drop->block);
  if (auto* block = std::get_if<DeliverBlock>(&action)) return deliver(*block);
  if (auto* trace = std::get_if<TraceFragment>(&action)) {
    if (hooks_.on_fragment) traces_.push_back(trace->trace);
    return;
  }
  if (!outcome_) outcome_ = std::get<FinishRun>(action).status;
  answered_ = true;
}

void RunState::deliver(const DeliverBlock& action) {
  const Block& block = action.block;
  Result<Rows> rows = engine_->get(block.id);
  engine_->drop(block.id);
  if (!rows.ok()) {
    outcome_ = rows.status();
  } else {
    Rows part = block.offset == 0 && block.rows == (*rows)->num_rows() ? *std::move(rows)
                                                                       : (*rows)->Slice(block.offset, block.rows);
    inbox_.push_back({std::move(part), std::make_shared<Lease>(weak_from_this(), block.bytes)});
  }
  answered_ = true;
}

Result<Run::Delivered> RunState::next() {
  Lock lock(mutex_);
  if (!has_answer()) {
    const TimeNs now = steady_now();
    executor_.on_demand(now);
    act(lock, now);
    lock.lock();
    sleep(lock);
  }
  if (!inbox_.empty()) {
    Run::Delivered block = std::move(inbox_.front());
    inbox_.pop_front();
    return block;
  }
  if (!outcome_->ok()) return *outcome_;
  return Run::Delivered{};
}

/// Until there is a block or the end. Runs the executor's timers meanwhile.
void RunState::sleep(Lock& lock) {
  if (has_answer()) return;
  waiting_since_ = steady_now();
  while (!has_answer()) {
    wakes_at_ = executor_.next_timer();
    if (!wakes_at_) {
      consumer_.wait(lock);
      continue;
    }
    const std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(*wakes_at_)};
    if (consumer_.wait_until(lock, until) == std::cv_status::no_timeout || closed_) continue;
    const TimeNs now = steady_now();
    executor_.on_timer(now);
    act(lock, now);
    lock.lock();
  }
  consumer_wait_ns_ += steady_now() - *waiting_since_;
  waiting_since_.reset();
}

void RunState::cancel(const Status& reason) {
  Lock lock(mutex_);
  if (closed_) return;
  const TimeNs now = steady_now();
  executor_.cancel(reason, now);
  act(lock, now);
}

void RunState::stop() {
  cancel(Status(ErrorCode::cancelled, "the run was stopped before its end"));
  const std::lock_guard one_at_a_time(stopping_);
  std::unique_ptr<Engine> engine;
  {
    Lock lock(mutex_);
    if (closed_) return;
    drained_.wait(lock, [this] { return executor_.drained(); });
    closed_ = true;
    engine = std::move(engine_);
  }
  // The engine waits for threads that are still inside pump(), so it goes without the lock.
  engine.reset();
}

RunReport RunState::report() const {
  const std::lock_guard lock(mutex_);
  const TimeNs now = steady_now();
  RunReport report = executor_.report(now);
  // What the consumer let go of counts as free, even if the executor has not been told yet.
  const std::int64_t released = released_.load(std::memory_order_relaxed);
  report.memory_used -= released;
  report.operators.back().memory -= released;
  report.consumer_wait_ns = consumer_wait_ns_ + (waiting_since_ ? now - *waiting_since_ : 0);
  return report;
}

std::vector<std::string> RunState::running_labels() const {
  std::vector<std::string> labels;
  RunReport now = report();
  for (std::size_t i = 0; i < now.operators.size(); ++i) {
    const bool has_user_code = !executor_.plan().operators[i].pipeline->steps.empty();
    if (has_user_code && now.operators[i].running > 0) labels.push_back(std::move(now.operators[i].label));
  }
  return labels;
}

/// The consumer's handle.
class RunHandle final : public Run {
 public:
  explicit RunHandle(std::shared_ptr<RunState> state) : state_(std::move(state)) {}
  ~RunHandle() override { state_->stop(); }

  Result<Delivered> next() override { return state_->next(); }
  void cancel(Status reason) override { state_->cancel(reason); }
  void stop() override { state_->stop(); }
  RunReport report() const override { return state_->report(); }
  std::vector<std::string> running_labels() const override { return state_->running_labels(); }

 private:
  const std::shared_ptr<RunState> state_;
};

}  // namespace

Result<std::shared_ptr<Run>> start_run(PhysicalPlan plan, std::unique_ptr<Engine> engine, RunHooks hooks) {
  SHOAL_RETURN_IF_ERROR(check_feasible(plan));
  auto state = std::make_shared<RunState>(std::move(plan), std::move(engine), std::move(hooks));
  state->start();
  return std::shared_ptr<Run>(std::make_shared<RunHandle>(std::move(state)));
}

}  // namespace shoal::data
