#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "control/death.h"
#include "control/operations.h"
#include "sched/resources.h"

namespace shoal::control {
namespace {

/// Why nothing could be made of it.
std::optional<std::string> fault_of(const wire::ActorSpec& spec) {
  if (spec.restarts < -1) return fmt::format("max_restarts is {}; -1 means always", spec.restarts);
  if (spec.call_retries < -1) return fmt::format("max_task_retries is {}; -1 means always", spec.call_retries);
  if (spec.threads == 0) return "it has no thread to run calls in";
  return sched::fault(spec.constructor.resources);
}

/// With resources as arithmetic wants them; the same one where they are.
wire::ActorSpecPtr normalised(const wire::ActorSpecPtr& spec) {
  wire::Resources resources = sched::normalised(spec->constructor.resources);
  if (resources == spec->constructor.resources) return spec;
  auto copy = std::make_shared<wire::ActorSpec>(*spec);
  copy->constructor.resources = std::move(resources);
  return copy;
}

}  // namespace

void create_actor(Turn& turn, ProcessId from, const wire::CreateActor& message) {
  const ActorId actor = message.actor;
  if (actor.owner != from || turn.truth().actors().was_created(actor)) return;

  const std::string& name = message.spec->name;
  const std::optional<ActorId> holder = name.empty() ? std::nullopt : turn.truth().names().find(name);
  const auto fault = fault_of(*message.spec);
  const auto kill = turn.awaited().remove(actor);

  const Stage stage = message.waits ? Stage::registered : Stage::placing;
  turn.register_actor(actor, fault ? message.spec : normalised(message.spec), stage);
  if (!name.empty()) turn.send(from, wire::ActorNamed{actor, holder.value_or(actor)});
  const ActorRecord& record = *turn.truth().actors().find(actor);
  if (holder) {
    auto death = on_killed(record.life, death_by_taken_name(actor, name, *holder));
    if (message.spec->get_if_exists) death->life.instead = *holder;
    turn.step(actor, death);
  } else if (fault) {
    turn.step(actor, on_killed(record.life, death_by_fault(actor, record, *fault)));
  } else if (kill) {
    turn.step(actor, on_killed(record.life, death_by_kill(actor, record, *kill)));
  } else if (stage == Stage::placing) {
    turn.place(actor);
  }
}

}  // namespace shoal::control
