#include <memory>
#include <utility>

#include "control/operations.h"

namespace shoal::control {

void actor_ready(Turn& turn, ProcessId from, const wire::ActorReady& message) {
  const ActorRecord* record = turn.truth().actors().find(message.actor);
  if (record == nullptr || message.actor.owner != from) return;
  const auto step = on_ready(record->life);
  if (!step) return;
  auto spec = std::make_shared<wire::ActorSpec>(*record->spec);
  spec->resolved = message.resolved;
  turn.record(ActorCompleted{message.actor, std::move(spec)});
  turn.step(message.actor, step);
}

}  // namespace shoal::control
