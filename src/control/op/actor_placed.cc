#include "control/operations.h"

namespace shoal::control {

void actor_placed(Turn& turn, ProcessId from, const wire::ActorPlaced& message) {
  const ActorRecord* record = turn.truth().actors().find(message.actor);
  if (record != nullptr) turn.step(message.actor, on_placed(record->life, from, message));
}

}  // namespace shoal::control
