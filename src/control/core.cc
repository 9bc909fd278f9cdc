#include "control/core.h"

#include <algorithm>
#include <variant>

#include "control/operations.h"
#include "control/turn.h"

namespace shoal::control {
namespace {

/// Each message to its operation.
struct Forward {
  Turn& turn;
  ProcessId from;

  void operator()(const wire::CreateActor& message) { create_actor(turn, from, message); }
  void operator()(const wire::ActorReady& message) { actor_ready(turn, from, message); }
  void operator()(const wire::WatchActor& message) { watch_actor(turn, from, message); }
  void operator()(const wire::UnwatchActor& message) { unwatch_actor(turn, from, message); }
  void operator()(const wire::FindActor& message) { find_actor(turn, from, message); }
  void operator()(const wire::KillActor& message) { kill_actor(turn, from, message); }
  void operator()(const wire::ActorPlaced& message) { actor_placed(turn, from, message); }
  void operator()(const wire::ActorStarted& message) { actor_started(turn, from, message); }
  void operator()(const wire::ActorEnded& message) { actor_ended(turn, from, message); }
  void operator()(const wire::ActorLost& message) { actor_lost(turn, from, message); }
  void operator()(const wire::RegisterNode& message) { register_node(turn, from, message); }
  void operator()(const wire::NodeLoad& message) { node_load(turn, from, message); }
  void operator()(const wire::RegisterJob& message) { register_job(turn, from, message); }
  void operator()(const wire::AskCluster& message) { ask_cluster(turn, from, message); }
  template <class Other>
  void operator()(const Other&) {}
};

}  // namespace

Core::Core(const Options& options) : state_(std::make_unique<State>()) {
  state_->keep_changes = options.keep_changes;
  state_->dead_actors_max = options.dead_actors_max;
}

Core::~Core() = default;

void Core::on_message(ProcessId from, const wire::Message& message) {
  Turn turn(*state_);
  std::visit(Forward{turn, from}, message);
  turn.end();
}

void Core::on_process_died(ProcessId process, const std::string& cause) {
  Turn turn(*state_);
  process_died(turn, process, cause);
  turn.end();
}

void Core::on_time(Time now) {
  Turn turn(*state_);
  time_passed(turn, now);
  turn.end();
}

std::optional<Time> Core::next_time() const { return state_->awaited.next_time(); }

void Core::take_messages(std::vector<wire::Envelope>& into) {
  into.clear();
  into.swap(state_->messages);
}

void Core::take_changes(std::vector<Change>& into) {
  into.clear();
  into.swap(state_->changes);
}

const Truth& Core::truth() const { return state_->truth; }

Core::Holdings Core::holdings() const {
  Holdings holdings;
  const auto& actors = state_->truth.actors().all();
  holdings.graves = static_cast<std::size_t>(std::count_if(
      actors.begin(), actors.end(), [](const auto& each) { return each.second.life.stage == Stage::dead; }));
  holdings.actors = actors.size() - holdings.graves;
  holdings.names = state_->truth.names().all().size();
  holdings.watches = state_->watches.size();
  holdings.awaited = state_->awaited.size();
  holdings.loads = state_->loads.size();
  return holdings;
}

}  // namespace shoal::control
