#include "control/death.h"
#include "control/operations.h"

namespace shoal::control {

void actor_lost(Turn& turn, ProcessId from, const wire::ActorLost& message) {
  const ActorRecord* record = turn.truth().actors().find(message.actor);
  if (record == nullptr) return;
  turn.step(message.actor, on_lost(record->life, from, message, death_by_loss(message.actor, *record, message.cause)));
}

}  // namespace shoal::control
