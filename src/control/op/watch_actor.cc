#include "control/operations.h"

namespace shoal::control {

void watch_actor(Turn& turn, ProcessId from, const wire::WatchActor& message) {
  const ActorId& actor = message.actor;
  turn.watch(actor, from);
  if (turn.truth().actors().find(actor) != nullptr) {
    turn.tell(from, actor);
  } else if (turn.truth().actors().was_created(actor) || !turn.awaited().add(actor)) {
    turn.tell_unknown(actor);
  }
}

}  // namespace shoal::control
