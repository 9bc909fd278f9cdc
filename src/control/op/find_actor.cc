#include "control/operations.h"

namespace shoal::control {

void find_actor(Turn& turn, ProcessId from, const wire::FindActor& message) {
  const auto holder = turn.truth().names().find(message.name);
  turn.send(from, wire::FoundActor{message.request, holder.has_value(), holder.value_or(ActorId{})});
}

}  // namespace shoal::control
