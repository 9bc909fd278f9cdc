#include "data/engine/embedded_core.h"

#include <utility>

#include "data/engine/embedded_jobs.h"

namespace shoal::data {
namespace {

Status cancelled_status() { return Status(ErrorCode::cancelled, "the fragment was cancelled"); }
Status lost_status() { return Status(ErrorCode::worker_died, "the fragment's worker is gone"); }

}  // namespace

void EmbeddedCore::submit(FragmentSpec spec) {
  Status broken;
  std::vector<Rows> inputs;
  for (const BlockSlice& slice : spec.inputs) {
    Result<Rows> rows = blocks_.get(slice);
    if (!rows.ok()) broken = rows.status();
    else inputs.push_back(*std::move(rows));
  }
  auto fragment = std::make_shared<FragmentJob>(shared_from_this(), spec, std::move(inputs), world_);
  JobPtr job;
  {
    const Lock lock(mutex_);
    fragments_.emplace(static_cast<std::uint64_t>(spec.id), fragment);
    if (spec.actor) {
      const auto found = actors_.find(static_cast<std::uint64_t>(*spec.actor));
      if (found == actors_.end()) broken = lost_status();
      else fragment->actor = found->second;
    }
    if (!broken.ok()) {
      fragment->state = FragmentJob::State::queued;
      job = add_chore({Chore::Kind::end, fragment, broken, nullptr});
    } else if (!spec.actor) {
      // Done by the next thread that begins or ends a job; a grant that comes first makes it needless.
      fragment->prepare_pending = true;
      chores_.push_back({Chore::Kind::prepare, fragment, Status(), nullptr});
    }
  }
  post(std::move(job));
}

void EmbeddedCore::grant(FragmentId id, std::int64_t bytes) {
  JobPtr job;
  {
    const Lock lock(mutex_);
    const auto found = fragments_.find(static_cast<std::uint64_t>(id));
    if (found == fragments_.end()) return;
    FragmentJob& fragment = *found->second;
    fragment.credit += bytes;
    if (fragment.credit > 0 && fragment.state == FragmentJob::State::idle) job = queue(found->second);
  }
  post(std::move(job));
}

void EmbeddedCore::cancel(FragmentId id) {
  JobPtr job;
  {
    const Lock lock(mutex_);
    const auto found = fragments_.find(static_cast<std::uint64_t>(id));
    if (found == fragments_.end()) return;
    job = cancel_locked(found->second);
  }
  post(std::move(job));
}

EmbeddedCore::JobPtr EmbeddedCore::cancel_locked(const FragmentPtr& fragment) {
  fragment->runner.cancel();
  if (fragment->state != FragmentJob::State::idle) return nullptr;
  fragment->state = FragmentJob::State::queued;
  fragment->prepare_pending = false;
  return add_chore({Chore::Kind::end, fragment, cancelled_status(), nullptr});
}

void EmbeddedCore::create_actor(ActorId id, std::shared_ptr<const Pipeline> pipeline) {
  auto actor = std::make_shared<Actor>();
  actor->pipeline = std::move(pipeline);
  {
    const Lock lock(mutex_);
    actors_.emplace(static_cast<std::uint64_t>(id), actor);
    ++jobs_;
  }
  post(std::make_shared<ActorJob>(shared_from_this(), id, std::move(actor)));
}

void EmbeddedCore::kill_actor(ActorId id) {
  JobPtr job;
  {
    const Lock lock(mutex_);
    job = kill_locked(id);
  }
  post(std::move(job));
}

EmbeddedCore::JobPtr EmbeddedCore::kill_locked(ActorId id) {
  const auto found = actors_.find(static_cast<std::uint64_t>(id));
  if (found == actors_.end()) return nullptr;
  const ActorPtr actor = found->second;
  actors_.erase(found);
  actor->killed = true;
  JobPtr job = add_chore({Chore::Kind::destroy, nullptr, Status(), actor});
  for (const FragmentPtr& fragment : std::exchange(actor->waiting, {})) {
    add_chore({Chore::Kind::end, fragment, lost_status(), nullptr});  // that job does it too
  }
  return job;
}

void EmbeddedCore::poll(std::vector<EngineEvent>& into) {
  into.clear();
  const Lock lock(mutex_);
  into.swap(events_);
}

void EmbeddedCore::shut_down() {
  Lock lock(mutex_);
  Jobs jobs;
  for (const auto& [id, fragment] : fragments_) {
    if (JobPtr job = cancel_locked(fragment)) jobs.push_back(std::move(job));
  }
  while (!actors_.empty()) {
    if (JobPtr job = kill_locked(ActorId{actors_.begin()->first})) jobs.push_back(std::move(job));
  }
  lock.unlock();
  for (JobPtr& job : jobs) post(std::move(job));
  lock.lock();
  while (jobs_ > 0 || !fragments_.empty()) quiet_.wait(lock);
  chores_.clear();  // reads that were never started
  lock.unlock();
  blocks_.clear();
}

EmbeddedCore::JobPtr EmbeddedCore::queue(const FragmentPtr& fragment) {
  fragment->state = FragmentJob::State::queued;
  fragment->prepare_pending = false;
  if (const ActorPtr& actor = fragment->actor) {
    if (actor->killed) return add_chore({Chore::Kind::end, fragment, lost_status(), nullptr});
    if (!actor->up || actor->busy) {
      actor->waiting.push_back(fragment);
      return nullptr;
    }
    actor->busy = true;
  }
  ++jobs_;
  return fragment;
}

EmbeddedCore::JobPtr EmbeddedCore::add_chore(Chore chore) {
  // A worker's state may be a model on a GPU, so it goes at once; all else has time until some job ends.
  const bool waits = jobs_ > 0 && chore.kind != Chore::Kind::destroy;
  chores_.push_back(std::move(chore));
  if (waits) return nullptr;
  ++jobs_;
  return std::make_shared<ChoresJob>(shared_from_this());
}

EmbeddedCore::JobPtr EmbeddedCore::leave_actor(FragmentJob& fragment) {
  const ActorPtr& actor = fragment.actor;
  if (actor == nullptr) return nullptr;
  actor->busy = false;
  if (actor->waiting.empty()) return nullptr;
  const FragmentPtr next = std::move(actor->waiting.front());
  actor->waiting.pop_front();
  return queue(next);
}

void EmbeddedCore::end_locked(FragmentJob& fragment, EngineEvent end) {
  fragment.state = FragmentJob::State::ended;
  events_.push_back(std::move(end));
  fragments_.erase(static_cast<std::uint64_t>(fragment.id));
}

void EmbeddedCore::post(JobPtr job) {
  if (job != nullptr) threads_.post(std::move(job));
}

}  // namespace shoal::data
