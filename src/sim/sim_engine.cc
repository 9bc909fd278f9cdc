#include "sim/sim_engine.h"

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "data/exec/limits.h"

namespace shoal::sim {

using namespace data;  // NOLINT: the simulator is all about these names
using data::ActorId;   // not the runtime's

SimEngine::SimEngine(std::uint64_t seed, const Faults& faults, Resources resources)
    : random_(seed), faults_(faults), resources_(resources) {}

SimEngine::~SimEngine() = default;

SimEngine::Time SimEngine::duration() {
  const Time usual = 1000 * random_.between(1, 1000);
  if (!random_.chance(faults_.slow_percent)) return usual;
  ++counts_.slow;
  return usual * 1000;
}

void SimEngine::push(EngineEvent event) {
  events_.push_back(std::move(event));
  if (wakeup_) wakeup_();
}

void SimEngine::end(FragmentId id, EngineEvent event) {
  const auto found = fragments_.find(id);
  if (auto* failed = std::get_if<Failed>(&event)) failed->stats = {1, 1, found->second.counters};
  fragments_.erase(found);
  push(std::move(event));
}

void SimEngine::submit(FragmentSpec spec) {
  const FragmentId id = spec.id;
  Fragment& fragment = fragments_[id];
  fragment.spec = std::move(spec);
  fragment.to_skip = fragment.spec.skip_items;
  for (const BlockSlice& slice : fragment.spec.inputs) {
    const auto found = blocks_.find(slice.id);
    if (found == blocks_.end()) {
      end(id, Failed{id, Status(ErrorCode::internal, "the input block is gone"), false});
      return;
    }
    fragment.inputs.push_back(found->second->Slice(slice.offset, slice.rows));
  }
  fragment.context.ordinal = fragment.spec.ordinal;
  fragment.context.attempt = fragment.spec.attempt;
  fragment.context.pool = arrow::default_memory_pool();
  fragment.context.counters = &fragment.counters;
  fragment.context.stop = fragment.stop.get_token();
  if (!fragment.spec.actor) return;
  const auto actor = actors_.find(*fragment.spec.actor);
  if (actor == actors_.end()) return end(id, Failed{id, Status(ErrorCode::worker_died, "the worker is gone"), true});
  fragment.actor = actor->second;
}

void SimEngine::begin_turn(Fragment& fragment) {
  if (fragment.in_turn) return;
  fragment.in_turn = true;
  turns_.push({now_ + duration(), next_sequence_++, fragment.spec.id, std::nullopt});
}

void SimEngine::grant(FragmentId id, std::int64_t bytes) {
  const auto found = fragments_.find(id);
  if (found == fragments_.end()) return;
  Fragment& fragment = found->second;
  fragment.credit += bytes;
  if (fragment.credit <= 0) return;
  if (fragment.actor && fragment.actor->killed && !fragment.in_turn && running_ != id) {
    return end(id, Failed{id, Status(ErrorCode::worker_died, "its worker was killed"), true});
  }
  begin_turn(fragment);
}

void SimEngine::cancel(FragmentId id) {
  const auto found = fragments_.find(id);
  if (found == fragments_.end()) return;
  found->second.stop.request_stop();
  begin_turn(found->second);
}

void SimEngine::create_actor(ActorId actor, std::shared_ptr<const Pipeline> pipeline) {
  actors_[actor] = std::make_shared<Actor>(Actor{std::move(pipeline), nullptr});
  turns_.push({now_ + duration(), next_sequence_++, std::nullopt, actor});
}

void SimEngine::kill_actor(ActorId actor) {
  const auto found = actors_.find(actor);
  if (found == actors_.end()) return;
  found->second->killed = true;
  actors_.erase(found);
  std::vector<FragmentId> of_it;
  for (const auto& [id, fragment] : fragments_) {
    const bool runs = fragment.in_turn || running_ == id;
    if (fragment.spec.actor == actor && !runs) of_it.push_back(id);
  }
  for (const FragmentId id : of_it) end(id, Failed{id, Status(ErrorCode::worker_died, "its worker was killed"), true});
}

void SimEngine::poll(std::vector<EngineEvent>& into) {
  into.clear();
  into.swap(events_);
}

std::optional<SimEngine::Time> SimEngine::next_turn() const {
  if (turns_.empty()) return std::nullopt;
  return turns_.top().time;
}

void SimEngine::run_turn() {
  const Turn turn = turns_.top();
  turns_.pop();
  now_ = turn.time;
  if (turn.actor) return end_actor_start(*turn.actor);
  const auto found = fragments_.find(*turn.fragment);
  if (found != fragments_.end()) end_fragment_turn(found->second);
}

void SimEngine::end_actor_start(ActorId id) {
  const auto found = actors_.find(id);
  if (found == actors_.end()) return;
  if (random_.chance(faults_.lost_actor_percent) && may_lose(found->second->pipeline->label, -1)) {
    ++counts_.lost_actors;
    actors_.erase(found);
    push(ActorDown{id, Status(ErrorCode::worker_died, "lost while it started")});
    return;
  }
  Result<std::unique_ptr<WorkerState>> state = make_worker_state(*found->second->pipeline);
  if (!state.ok()) {
    actors_.erase(found);
    push(ActorDown{id, state.status()});
    return;
  }
  found->second->state = *std::move(state);
  push(ActorUp{id});
}

bool SimEngine::may_lose(const std::string& label, std::int64_t ordinal) {
  int& losses = losses_[{label, ordinal}];
  if (faults_.bounded && losses >= k_system_retries) return false;
  ++losses;
  return true;
}

/// The worker that runs the fragment is gone, and with it, in a pool, the worker's state.
void SimEngine::lose(Fragment& fragment) {
  const FragmentId id = fragment.spec.id;
  ++counts_.lost;
  if (const auto actor = fragment.spec.actor) {
    actors_.erase(*actor);
    push(ActorDown{*actor, Status(ErrorCode::worker_died, "the worker was lost")});
  }
  end(id, Failed{id, Status(ErrorCode::worker_died, "the worker was lost"), true});
}

Result<Rows> SimEngine::next_rows(Fragment& fragment) {
  WorkerState* worker = fragment.actor ? fragment.actor->state.get() : nullptr;
  try {
    if (fragment.stream == nullptr) {
      fragment.stream = open_pipeline(*fragment.spec.pipeline, std::exchange(fragment.inputs, {}), fragment.context,
                                      worker);
      fragment.stream->prepare();
    }
    Result<Rows> rows = fragment.stream->next();
    while (rows.ok() && *rows != nullptr && fragment.to_skip > 0) {
      --fragment.to_skip;
      rows = fragment.stream->next();
    }
    return rows;
  } catch (...) { return Status::from_current_exception(); }
}

void SimEngine::end_fragment_turn(Fragment& fragment) {
  const FragmentId id = fragment.spec.id;
  fragment.in_turn = false;
  // A block that is nearly made may still come after the cancellation.
  const bool one_more = fragment.credit > 0 && random_.chance(50);
  if (fragment.stop.stop_requested() && !one_more)
    return end(id, Failed{id, Status(ErrorCode::cancelled, "cancelled"), false});
  // A worker of a pool counts on its pool's account too, whose places are refilled just as often.
  if (random_.chance(faults_.lost_percent) && may_lose(fragment.spec.pipeline->label, fragment.spec.ordinal) &&
      (!fragment.spec.actor || may_lose(fragment.spec.pipeline->label, -1))) {
    return lose(fragment);
  }
  running_ = id;
  Result<Rows> rows = next_rows(fragment);
  running_.reset();
  if (!rows.ok()) return end(id, Failed{id, rows.status(), false});
  const FragmentStats stats{.wall_ns = 1, .cpu_ns = 1, .counters = fragment.counters};
  if (*rows == nullptr) return end(id, Done{id, stats});
  const BlockInfo block = put(*std::move(rows));
  fragment.credit -= block.bytes;
  push(Item{id, block});
  if (fragment.stream->at_end()) return end(id, Done{id, stats});
  if (fragment.stop.stop_requested()) return end(id, Failed{id, Status(ErrorCode::cancelled, "cancelled"), false});
  if (fragment.credit > 0) begin_turn(fragment);
}

BlockInfo SimEngine::put(Rows rows) {
  BlockInfo block{.id = BlockId{next_block_++}, .rows = rows->num_rows(), .bytes = 8 * rows->num_rows()};
  if (random_.chance(faults_.pressure_percent)) {
    ++counts_.pressure;
    block.bytes *= 20;
  }
  blocks_.emplace(block.id, std::move(rows));
  return block;
}

Result<Rows> SimEngine::get(BlockId block) {
  const auto found = blocks_.find(block);
  if (found == blocks_.end()) return Status(ErrorCode::internal, "no such block");
  return found->second;
}

void SimEngine::drop(BlockId block) { blocks_.erase(block); }

std::vector<std::string> SimEngine::locate(BlockId block) const {
  if (!blocks_.contains(block)) return {};
  return {"local"};
}

}  // namespace shoal::sim
