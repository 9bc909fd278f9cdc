#include "data/engine/embedded_jobs.h"

#include <optional>

namespace shoal::data {

void EmbeddedCore::run_fragment(const FragmentPtr& fragment) {
  do_chores(false);
  {
    const Lock lock(mutex_);
    fragment->state = FragmentJob::State::running;
  }
  while (step(fragment)) {}
  job_over();
}

/// Makes one block. False: the fragment parked or ended.
bool EmbeddedCore::step(const FragmentPtr& fragment) {
  FragmentRunner& runner = fragment->runner;
  Result<Rows> rows = runner.next(fragment->actor ? fragment->actor->state.get() : nullptr);
  if (!rows.ok()) {
    end(fragment, Failed{fragment->id, rows.status(), false}, true);
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
  JobPtr next;
  bool stays = false;
  bool cancelled = false;
  {
    const Lock lock(mutex_);
    events_.push_back(Item{fragment->id, block});
    fragment->credit -= block.bytes;
    cancelled = runner.cancelled();
    stays = fragment->credit > 0 && !cancelled;
    if (!stays && !cancelled) {
      fragment->state = FragmentJob::State::idle;
      next = leave_actor(*fragment);
    }
  }
  if (cancelled) {
    end(fragment, Failed{fragment->id, Status(ErrorCode::cancelled, "the fragment was cancelled"), false}, true);
    return false;
  }
  if (stays) {
    wake();
    return true;
  }
  post_and_wake(std::move(next), true);
  return false;
}

void EmbeddedCore::end(const FragmentPtr& fragment, EngineEvent event, bool last_act) {
  fragment->runner.close();
  if (auto* failed = std::get_if<Failed>(&event)) failed->stats = fragment->runner.stats();
  JobPtr next;
  {
    const Lock lock(mutex_);
    if (fragment->state == FragmentJob::State::running) next = leave_actor(*fragment);
    end_locked(*fragment, std::move(event));
  }
  fragment->actor.reset();  // the last fragment of a killed worker destroys its state, here
  post_and_wake(std::move(next), last_act);
}

void EmbeddedCore::post_and_wake(JobPtr job, bool last_act) {
  std::optional<shell::WorkerThreads::Handover> handover;
  if (last_act) handover.emplace();
  post(std::move(job));
  wake();
}

void EmbeddedCore::run_actor(ActorId id, ActorPtr actor) {
  std::unique_ptr<WorkerState> made;
  Status failure;
  try {
    Result<std::unique_ptr<WorkerState>> state = make_worker_state(*actor->pipeline);
    if (state.ok()) made = *std::move(state);
    failure = state.status();
  } catch (...) { failure = Status::from_current_exception(); }
  JobPtr next;
  {
    const Lock lock(mutex_);
    if (!failure.ok()) {
      if (!actor->killed) {
        events_.push_back(ActorDown{id, failure});
        next = kill_locked(id);
      }
    } else if (!actor->killed) {
      actor->state = std::move(made);
      actor->up = true;
      events_.push_back(ActorUp{id});
      if (!actor->waiting.empty()) {
        const FragmentPtr first = std::move(actor->waiting.front());
        actor->waiting.pop_front();
        next = queue(first);
      }
    }
  }
  made.reset();  // of a worker that was killed meanwhile
  actor.reset();
  post_and_wake(std::move(next), true);
  job_over();
}

void EmbeddedCore::do_chores(bool last_act) {
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
        chore->fragment->state = FragmentJob::State::preparing;
      }
    }
    switch (chore->kind) {
      case Chore::Kind::prepare: prepare(chore->fragment); break;
      case Chore::Kind::end: {
        const bool lost = chore->reason.code() == ErrorCode::worker_died;
        end(chore->fragment, Failed{chore->fragment->id, chore->reason, lost}, last_act);
        break;
      }
      case Chore::Kind::destroy: chore->actor.reset(); break;
    }
  }
}

void EmbeddedCore::prepare(const FragmentPtr& fragment) {
  Status opened = fragment->runner.prepare();
  JobPtr job;
  {
    const Lock lock(mutex_);
    fragment->state = FragmentJob::State::idle;
    if (opened.ok() && fragment->runner.cancelled()) {
      opened = Status(ErrorCode::cancelled, "the fragment was cancelled");
    }
    if (opened.ok() && fragment->credit > 0) job = queue(fragment);
    if (!opened.ok()) fragment->state = FragmentJob::State::queued;
  }
  if (!opened.ok()) end(fragment, Failed{fragment->id, opened, false}, false);
  post(std::move(job));
}

/// The last act of every job: looks after chores, then lets shut_down() know.
void EmbeddedCore::job_over() {
  while (true) {
    do_chores(true);
    const Lock lock(mutex_);
    if (!chores_.empty()) continue;
    if (--jobs_ == 0) quiet_.notify_all();
    return;
  }
}

}  // namespace shoal::data
