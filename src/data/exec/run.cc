#include "data/exec/run.h"

#include <arrow/record_batch.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <optional>
#include <utility>

#include "api/waiting.h"
#include "base/thread_safety.h"
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
  /// What is to be told without the lock.
  struct News {
    bool answered = false;
    std::vector<FragmentTrace> traces;
  };
  void drive();
  News act(TimeNs now) REQUIRES(mutex_);
  void tell(const News& news) EXCLUDES(mutex_);
  void apply(Action& action) REQUIRES(mutex_);
  void deliver(const DeliverBlock& action) REQUIRES(mutex_);
  bool has_answer() const REQUIRES(mutex_) { return !inbox_.empty() || outcome_.has_value(); }

  const RunHooks hooks_;
  std::atomic<std::int64_t> calls_{0};     // of pump() that are not served yet
  std::atomic<std::int64_t> released_{0};  // bytes
  Mutex stopping_;                         // one stop() at a time

  mutable Mutex mutex_;
  CondVar consumer_;
  CondVar drained_;
  Executor executor_ GUARDED_BY(mutex_);
  std::unique_ptr<Engine> engine_ GUARDED_BY(mutex_);  // null once stopped
  std::deque<Run::Delivered> inbox_ GUARDED_BY(mutex_);
  std::optional<Status> outcome_ GUARDED_BY(mutex_);
  Actions actions_ GUARDED_BY(mutex_);
  std::vector<EngineEvent> events_ GUARDED_BY(mutex_);  // scratch
  News news_ GUARDED_BY(mutex_);
  std::int64_t consumer_wait_ns_ GUARDED_BY(mutex_) = 0;
  std::optional<TimeNs> waiting_since_ GUARDED_BY(mutex_);
  std::optional<TimeNs> wakes_at_ GUARDED_BY(mutex_);  // when the waiting consumer looks at the timers
  bool closed_ GUARDED_BY(mutex_) = false;             // no call of the engine any more
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
  Lock lock(mutex_);
  engine_->set_wakeup([this] { pump(); });
  const TimeNs now = steady_now();
  executor_.start(now);
  const News news = act(now);
  lock.unlock();
  tell(news);
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
    if (waiting_since_ && (!wakes_at_ || *timer < *wakes_at_)) news_.answered = true;
  }
  const News news = act(now);
  lock.unlock();
  tell(news);
}

/// Applies what the executor decided.
RunState::News RunState::act(TimeNs now) {
  executor_.take_actions(actions_, now);
  for (Action& action : actions_) apply(action);
  if (executor_.drained()) drained_.notify_all();
  return std::exchange(news_, {});
}

/// Tells the consumer, and the observer of fragments that ended. A consumer that is woken while the lock is held would
/// go to sleep again at once, for the lock.
void RunState::tell(const News& news) {
  if (news.answered) consumer_.notify_one();
  for (const FragmentTrace& trace : news.traces) hooks_.on_fragment(trace);
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
    if (hooks_.on_fragment) news_.traces.push_back(trace->trace);
    return;
  }
  if (!outcome_) outcome_ = std::get<FinishRun>(action).status;
  news_.answered = true;
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
  news_.answered = true;
}

Result<Run::Delivered> RunState::next() {
  std::optional<Waiting> lends;  // a task's CPU while it waits: its fragments may need it. Ends without the lock.
  Lock lock(mutex_);
  if (!has_answer()) {
    const TimeNs now = steady_now();
    executor_.on_demand(now);
    const News news = act(now);
    lock.unlock();
    tell(news);
    lock.lock();
  }
  if (!has_answer()) {
    waiting_since_ = steady_now();
    lock.unlock();
    lends.emplace();
    lock.lock();
  }
  while (!has_answer()) {  // runs the executor's timers meanwhile
    wakes_at_ = executor_.next_timer();
    if (!wakes_at_) {
      consumer_.wait(lock);
      continue;
    }
    const std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(*wakes_at_)};
    if (consumer_.wait_until(lock, until) || closed_) continue;
    const TimeNs now = steady_now();
    executor_.on_timer(now);
    const News news = act(now);
    lock.unlock();
    tell(news);
    lock.lock();
  }
  if (waiting_since_) {
    consumer_wait_ns_ += steady_now() - *waiting_since_;
    waiting_since_.reset();
  }
  if (!inbox_.empty()) {
    Run::Delivered block = std::move(inbox_.front());
    inbox_.pop_front();
    return block;
  }
  if (!outcome_->ok()) return *outcome_;
  return Run::Delivered{};
}

void RunState::cancel(const Status& reason) {
  Lock lock(mutex_);
  if (closed_) return;
  const TimeNs now = steady_now();
  executor_.cancel(reason, now);
  const News news = act(now);
  lock.unlock();
  tell(news);
}

void RunState::stop() {
  cancel(Status(ErrorCode::cancelled, "the run was stopped before its end"));
  const Lock one_at_a_time(stopping_);
  std::unique_ptr<Engine> engine;
  {
    const Waiting waiting;
    Lock lock(mutex_);
    if (closed_) return;
    while (!executor_.drained()) drained_.wait(lock);
    closed_ = true;
    engine = std::move(engine_);
  }
  // The engine waits for threads that are still inside pump(), so it goes without the lock.
  engine.reset();
}

RunReport RunState::report() const {
  const Lock lock(mutex_);
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
  const Lock lock(mutex_);
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
