#include "data/engine/embedded_core.h"

#include <algorithm>
#include <utility>

#include "api/waiting.h"
#include "data/engine/embedded_parts.h"
#include "data/engine/worker_processes.h"

namespace shoal::data {
namespace {

Status lost_status() { return Status(ErrorCode::worker_died, "the fragment's worker is gone"); }

Status no_processes_status(const Pipeline& pipeline) {
  return Status(ErrorCode::unsupported, pipeline.label +
                                            ": isolation = processes needs a session with worker processes "
                                            "(shoal::Session(argc, argv, {.processes = n}))");
}

}  // namespace

Status EmbeddedCore::cancelled_status() const {
  return lost_.ok() ? Status(ErrorCode::cancelled, "the fragment was cancelled") : lost_;
}

Result<std::unique_ptr<FragmentRun>> EmbeddedCore::open(const FragmentSpec& spec, std::vector<Rows> inputs) const {
  if (spec.pipeline->isolation == Isolation::threads) {
    return std::unique_ptr<FragmentRun>(std::make_unique<FragmentRunner>(spec, std::move(inputs), world_));
  }
  if (processes_ == nullptr) return no_processes_status(*spec.pipeline);
  return processes_->open(spec, std::move(inputs));
}

Result<std::unique_ptr<WorkerState>> EmbeddedCore::make_state(const std::shared_ptr<const Pipeline>& pipeline) const {
  if (pipeline->isolation == Isolation::threads) return make_worker_state(*pipeline);
  if (processes_ == nullptr) return no_processes_status(*pipeline);
  return processes_->make_state(pipeline);
}

// --- The calls of Engine.

void EmbeddedCore::submit(FragmentSpec spec) {
  Status broken;
  std::vector<Rows> inputs;
  for (const BlockSlice& slice : spec.inputs) {
    Result<Rows> rows = blocks_.get(slice);
    if (!rows.ok()) broken = rows.status();
    else inputs.push_back(*std::move(rows));
  }
  Result<std::unique_ptr<FragmentRun>> run = open(spec, std::move(inputs));
  if (!run.ok()) {
    broken = run.status();
    run = std::unique_ptr<FragmentRun>(std::make_unique<FragmentRunner>(spec, std::vector<Rows>(), world_));
  }
  const auto fragment = std::make_shared<Fragment>(spec.id, *std::move(run));
  auto kind = session_->kind(spec.pipeline->label, spec.num_cpus);
  Starts todo;
  {
    const Lock lock(mutex_);
    fragments_.emplace(static_cast<std::uint64_t>(spec.id), fragment);
    fragment->lane = &lanes_[spec.num_cpus];
    fragment->kind = std::move(kind);
    if (spec.actor) {
      const auto found = actors_.find(static_cast<std::uint64_t>(*spec.actor));
      if (found == actors_.end()) broken = lost_status();
      else fragment->actor = found->second;
    }
    if (!lost_.ok()) broken = lost_;
    if (!broken.ok()) {
      end_soon(fragment, broken, todo);
    } else if (!spec.actor) {
      // Done by the next thread that begins or ends a job; a grant that comes first makes it needless.
      fragment->prepare_pending = true;
      chores_.push_back({.kind = Chore::Kind::prepare, .fragment = fragment});
    }
  }
  start(todo);
}

void EmbeddedCore::grant(FragmentId id, std::int64_t bytes) {
  Starts todo;
  {
    const Lock lock(mutex_);
    const auto found = fragments_.find(static_cast<std::uint64_t>(id));
    if (found == fragments_.end()) return;
    Fragment& fragment = *found->second;
    fragment.credit += bytes;
    if (fragment.credit > 0 && fragment.state == Fragment::State::idle) queue(found->second, todo);
  }
  start(todo);
}

void EmbeddedCore::cancel(FragmentId id) {
  Starts todo;
  {
    const Lock lock(mutex_);
    const auto found = fragments_.find(static_cast<std::uint64_t>(id));
    if (found == fragments_.end()) return;
    cancel(found->second, todo);
  }
  start(todo);
}

void EmbeddedCore::create_actor(ActorId id, std::shared_ptr<const Pipeline> pipeline) {
  auto actor = std::make_shared<Actor>();
  actor->id = id;
  actor->pipeline = std::move(pipeline);
  Starts todo;
  {
    const Lock lock(mutex_);
    if (!lost_.ok()) {
      add_chore({.kind = Chore::Kind::down, .reason = lost_, .id = id}, todo);
    } else {
      actors_.emplace(static_cast<std::uint64_t>(id), actor);
      // As actors do, a worker comes up without a CPU: no step waits until another gives one.
      auto kind = session_->kind(actor->pipeline->label, 0);
      todo.push_back({std::make_shared<ActorTask>(shared_from_this(), id, std::move(actor)), std::move(kind)});
    }
  }
  start(todo);
}

void EmbeddedCore::kill_actor(ActorId id) {
  Starts todo;
  {
    const Lock lock(mutex_);
    kill(id, todo);
  }
  start(todo);
}

void EmbeddedCore::poll(std::vector<EngineEvent>& into) {
  into.clear();
  const Lock lock(mutex_);
  into.swap(events_);
}

// --- Ends.

void EmbeddedCore::lose_session(const Status& why) {
  Starts todo;
  {
    const Lock lock(mutex_);
    if (!lost_.ok()) return;
    lost_ = why;
    ++jobs_;  // the session stays until this is over
    for (const auto& [id, fragment] : fragments_) cancel(fragment, todo);
    std::vector<ActorId> not_up;
    for (const auto& [id, actor] : actors_) {
      if (!actor->up) not_up.push_back(ActorId{id});
    }
    for (const ActorId id : not_up) {
      kill(id, todo);
      add_chore({.kind = Chore::Kind::down, .reason = lost_, .id = id}, todo);
    }
  }
  start(todo);
  job_over();
}

void EmbeddedCore::shut_down() {
  Starts todo;
  {
    const Lock lock(mutex_);
    for (const auto& [id, fragment] : fragments_) cancel(fragment, todo);
    while (!actors_.empty()) kill(ActorId{actors_.begin()->first}, todo);
  }
  start(todo);
  {
    const Waiting waiting;
    Lock lock(mutex_);
    while (jobs_ > 0 || !fragments_.empty()) quiet_.wait(lock);
    chores_.clear();  // reads that were never started
  }
  blocks_.clear();
}

/// What runs is told; all else ends without a CPU.
void EmbeddedCore::cancel(const FragmentPtr& fragment, Starts& todo) {
  fragment->runner->cancel();
  switch (fragment->state) {
    case Fragment::State::idle: break;
    case Fragment::State::waiting: std::erase(fragment->actor->waiting, fragment); break;
    case Fragment::State::ready:
      std::erase(fragment->lane->ready, fragment);
      leave_actor(*fragment, todo);
      break;
    case Fragment::State::preparing:
    case Fragment::State::running:
    case Fragment::State::ending:
    case Fragment::State::ended: return;
  }
  end_soon(fragment, cancelled_status(), todo);
}

void EmbeddedCore::end_soon(const FragmentPtr& fragment, const Status& reason, Starts& todo) {
  fragment->state = Fragment::State::ending;
  fragment->prepare_pending = false;
  add_chore({.kind = Chore::Kind::end, .fragment = fragment, .reason = reason}, todo);
}

void EmbeddedCore::kill(ActorId id, Starts& todo) {
  const auto found = actors_.find(static_cast<std::uint64_t>(id));
  if (found == actors_.end()) return;
  const ActorPtr actor = found->second;
  actors_.erase(found);
  actor->killed = true;
  add_chore({.kind = Chore::Kind::destroy, .actor = actor}, todo);
  for (const FragmentPtr& fragment : std::exchange(actor->waiting, {})) end_soon(fragment, lost_status(), todo);
}

void EmbeddedCore::add_chore(Chore chore, Starts& todo) {
  // A worker's state may be a model on a GPU, so it goes at once; all else has time until some job ends.
  const bool waits = jobs_ > 0 && chore.kind != Chore::Kind::destroy;
  chores_.push_back(std::move(chore));
  if (waits) return;
  ++jobs_;
  todo.push_back({std::make_shared<ChoresJob>(shared_from_this()), nullptr});
}

void EmbeddedCore::note_end(Fragment& fragment, EngineEvent end) {
  fragment.state = Fragment::State::ended;
  events_.push_back(std::move(end));
  fragments_.erase(static_cast<std::uint64_t>(fragment.id));
}

// --- Turns.

void EmbeddedCore::queue(const FragmentPtr& fragment, Starts& todo) {
  fragment->prepare_pending = false;
  if (fragment->runner->cancelled()) return end_soon(fragment, cancelled_status(), todo);
  if (const ActorPtr& actor = fragment->actor) {
    if (actor->killed) return end_soon(fragment, lost_status(), todo);
    if (!actor->up || actor->busy) {
      fragment->state = Fragment::State::waiting;
      actor->waiting.push_back(fragment);
      return;
    }
    actor->busy = true;
  }
  Taker* const taker = Taker::of_this_thread(*this);
  if (taker != nullptr && taker->take(fragment)) {
    fragment->state = Fragment::State::running;
    return;
  }
  Lane& lane = *fragment->lane;
  fragment->state = Fragment::State::ready;
  lane.ready.push_back(fragment);
  if (lane.tasks >= lane.ready.size()) return;
  ++lane.tasks;
  todo.push_back({std::make_shared<LaneTask>(shared_from_this(), lane), fragment->kind});
}

EmbeddedCore::FragmentPtr EmbeddedCore::take_ready(Lane& lane) {
  if (lane.ready.empty()) return nullptr;
  FragmentPtr fragment = std::move(lane.ready.front());
  lane.ready.pop_front();
  fragment->state = Fragment::State::running;
  return fragment;
}

void EmbeddedCore::leave_actor(Fragment& fragment, Starts& todo) {
  if (fragment.actor == nullptr) return;
  fragment.actor->busy = false;
  queue_next(*fragment.actor, todo);
}

void EmbeddedCore::queue_next(Actor& actor, Starts& todo) {
  if (actor.waiting.empty()) return;
  const FragmentPtr next = std::move(actor.waiting.front());
  actor.waiting.pop_front();
  queue(next, todo);
}

void EmbeddedCore::start(Starts& todo) {
  for (Start& each : todo) {
    if (each.kind == nullptr) {
      session_->post(std::move(each.job));
    } else {
      session_->submit(each.kind, std::move(each.job));
    }
  }
  todo.clear();
}

}  // namespace shoal::data
