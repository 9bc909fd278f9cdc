// The part of the embedded engine that runs on threads of the session.
#include <chrono>
#include <optional>

#include "data/engine/embedded_parts.h"

namespace shoal::data {
namespace {

/// So long a task of a lane takes further fragments, before others have their turn at its CPU: a thousand times what a task
/// costs, and little beside what people notice.
constexpr auto k_turn = std::chrono::milliseconds(2);

thread_local void* taker_here = nullptr;  // the Taker of the task of a lane that this thread runs

}  // namespace

EmbeddedCore::Taker::Taker(const EmbeddedCore& core, const Lane& lane)
    : core_(core), lane_(lane), until_(std::chrono::steady_clock::now() + k_turn) {
  taker_here = this;
}

EmbeddedCore::Taker::~Taker() { taker_here = nullptr; }

EmbeddedCore::Taker* EmbeddedCore::Taker::of_this_thread(const EmbeddedCore& core) {
  auto* const taker = static_cast<Taker*>(taker_here);
  return taker != nullptr && &taker->core_ == &core ? taker : nullptr;
}

bool EmbeddedCore::Taker::take(const FragmentPtr& fragment) {
  if (!is_open_ || next_ != nullptr || fragment->lane != &lane_) return false;
  next_ = fragment;
  return true;
}

EmbeddedCore::Taker::Opened::Opened(const EmbeddedCore& core) : taker_(of_this_thread(core)) {
  if (taker_ != nullptr) taker_->is_open_ = taker_->may_go_on();
}

EmbeddedCore::Taker::Opened::~Opened() {
  if (taker_ != nullptr) taker_->is_open_ = false;
}

void EmbeddedCore::run_lane(Lane& lane) {
  FragmentPtr fragment;
  {
    const Lock lock(mutex_);
    --lane.tasks;
    fragment = take_ready(lane);
    if (fragment == nullptr) return;  // another task was faster, or it was cancelled
    ++jobs_;
  }
  Taker taker(*this, lane);
  do_chores();
  while (fragment != nullptr) {
    LocalSession::go_on_as(fragment->kind);
    while (step(fragment)) {}
    fragment = taker.next();
    if (fragment == nullptr && taker.may_go_on()) {
      const Lock lock(mutex_);
      fragment = take_ready(lane);
    }
  }
  job_over();
}

/// Makes one block. False: the fragment parked or ended.
bool EmbeddedCore::step(const FragmentPtr& fragment) {
  FragmentRun& runner = *fragment->runner;
  Result<Rows> rows = runner.next(fragment->actor ? fragment->actor->state.get() : nullptr);
  if (!rows.ok()) {
    if (runner.lost() && fragment->actor != nullptr) lose_actor(*fragment->actor, rows.status());
    end(fragment, Failed{fragment->id, rows.status(), runner.lost()}, true);
    return false;
  }
  if (*rows == nullptr) {
    runner.close();
    end(fragment, Done{fragment->id, runner.stats()}, true);
    return false;
  }
  const bool last = runner.at_end();
  if (last) runner.close();
  const BlockInfo block = blocks_.put(*std::move(rows));
  if (last) {
    {
      const Lock lock(mutex_);
      events_.push_back(Item{fragment->id, block});
    }
    end(fragment, Done{fragment->id, runner.stats()}, true);
    return false;
  }
  std::optional<Taker::Opened> opened;
  Starts todo;
  bool stays = false;
  bool cancelled = false;
  {
    const Lock lock(mutex_);
    events_.push_back(Item{fragment->id, block});
    fragment->credit -= block.bytes;
    cancelled = runner.cancelled();
    stays = fragment->credit > 0 && !cancelled;
    if (!stays && !cancelled) {
      fragment->state = Fragment::State::idle;
      opened.emplace(*this);
      leave_actor(*fragment, todo);
    }
  }
  if (cancelled) {
    end(fragment, Failed{fragment->id, Status(ErrorCode::cancelled, "the fragment was cancelled"), false}, true);
    return false;
  }
  start(todo);
  wake();
  return stays;
}

void EmbeddedCore::end(const FragmentPtr& fragment, EngineEvent event, bool last_act) {
  fragment->runner->close();
  std::optional<Taker::Opened> opened;
  if (last_act) opened.emplace(*this);
  Starts todo;
  {
    const Lock lock(mutex_);
    if (auto* const failed = std::get_if<Failed>(&event)) {
      failed->stats = fragment->runner->stats();
      if (failed->cause.code() == ErrorCode::cancelled && fragment->runner->cancelled())
        failed->cause = cancelled_status();
    }
    if (fragment->state == Fragment::State::running) leave_actor(*fragment, todo);
    note_end(*fragment, std::move(event));
  }
  fragment->actor.reset();  // the last fragment of a killed worker destroys its state, here
  start(todo);
  wake();
}

/// Its process is gone.
void EmbeddedCore::lose_actor(const Actor& actor, const Status& cause) {
  Starts todo;
  {
    const Lock lock(mutex_);
    if (actor.killed) return;
    events_.push_back(ActorDown{actor.id, cause});
    kill(actor.id, todo);
  }
  start(todo);
}

void EmbeddedCore::run_actor(ActorId id, ActorPtr actor) {
  {
    const Lock lock(mutex_);
    if (actor->killed) return;
    ++jobs_;
  }
  std::unique_ptr<WorkerState> made;
  Status failure;
  try {
    Result<std::unique_ptr<WorkerState>> state = make_state(actor->pipeline);
    if (state.ok()) made = *std::move(state);
    failure = state.status();
  } catch (...) { failure = Status::from_current_exception(); }
  Starts todo;
  {
    const Lock lock(mutex_);
    if (!failure.ok()) {
      if (!actor->killed) {
        events_.push_back(ActorDown{id, failure});
        kill(id, todo);
      }
    } else if (!actor->killed) {
      actor->state = std::move(made);
      actor->up = true;
      events_.push_back(ActorUp{id});
      queue_next(*actor, todo);
    }
  }
  made.reset();  // of a worker that was killed meanwhile
  actor.reset();
  start(todo);
  wake();
  job_over();
}

void EmbeddedCore::do_chores() {
  while (true) {
    std::optional<Chore> chore;
    {
      const Lock lock(mutex_);
      if (chores_.empty()) return;
      chore = std::move(chores_.front());
      chores_.pop_front();
      if (chore->kind == Chore::Kind::prepare) {
        if (!chore->fragment->prepare_pending) continue;
        chore->fragment->prepare_pending = false;
        chore->fragment->state = Fragment::State::preparing;
      }
      if (chore->kind == Chore::Kind::down) events_.push_back(ActorDown{chore->id, chore->reason});
    }
    switch (chore->kind) {
      case Chore::Kind::prepare: prepare(chore->fragment); break;
      case Chore::Kind::end: {
        const bool lost = chore->reason.code() == ErrorCode::worker_died;
        end(chore->fragment, Failed{chore->fragment->id, chore->reason, lost}, false);
        break;
      }
      case Chore::Kind::destroy: chore->actor.reset(); break;
      case Chore::Kind::down: wake(); break;
    }
  }
}

void EmbeddedCore::prepare(const FragmentPtr& fragment) {
  Status opened = fragment->runner->prepare();
  Starts todo;
  {
    const Lock lock(mutex_);
    fragment->state = Fragment::State::idle;
    if (opened.ok() && fragment->runner->cancelled()) opened = cancelled_status();
    if (opened.ok() && fragment->credit > 0) queue(fragment, todo);
    if (!opened.ok()) fragment->state = Fragment::State::ending;
  }
  if (!opened.ok()) end(fragment, Failed{fragment->id, opened, false}, false);
  start(todo);
}

/// The last act of every job: looks after chores, then lets shut_down() know.
void EmbeddedCore::job_over() {
  while (true) {
    do_chores();
    const Lock lock(mutex_);
    if (!chores_.empty()) continue;
    if (--jobs_ == 0) quiet_.notify_all();
    return;
  }
}

}  // namespace shoal::data
