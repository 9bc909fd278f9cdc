#include "control/operations.h"

namespace shoal::control {

void actor_ended(Turn& turn, ProcessId from, const wire::ActorEnded& message) {
  const ActorRecord* record = turn.truth().actors().find(message.actor);
  if (record != nullptr) turn.step(message.actor, on_ended(record->life, from, message));
}

}  // namespace shoal::control
