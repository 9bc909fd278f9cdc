#include "control/operations.h"

namespace shoal::control {

void actor_started(Turn& turn, ProcessId from, const wire::ActorStarted& message) {
  const ActorRecord* record = turn.truth().actors().find(message.actor);
  if (record != nullptr) turn.step(message.actor, on_started(record->life, from, message));
}

}  // namespace shoal::control
