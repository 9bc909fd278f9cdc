#include "control/death.h"
#include "control/operations.h"

namespace shoal::control {

void kill_actor(Turn& turn, ProcessId, const wire::KillActor& message) {
  const ActorId& actor = message.actor;
  const ActorRecord* record = turn.truth().actors().find(actor);
  if (record == nullptr) {
    // One that is yet to come has nothing to restart.
    if (message.restart || turn.truth().actors().was_created(actor)) return;
    if (turn.awaited().add(actor)) turn.awaited().kill(actor, message.cause);
    return;
  }
  const wire::FailurePtr death = death_by_kill(actor, *record, message.cause);
  turn.step(actor, message.restart ? on_restart_wanted(record->life, death) : on_killed(record->life, death));
}

}  // namespace shoal::control
