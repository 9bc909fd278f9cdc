#include "control/operations.h"

namespace shoal::control {

void unwatch_actor(Turn& turn, ProcessId from, const wire::UnwatchActor& message) { turn.unwatch(message.actor, from); }

}  // namespace shoal::control
