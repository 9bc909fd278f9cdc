#include "control/operations.h"

namespace shoal::control {

void time_passed(Turn& turn, Time now) {
  for (const ActorId& actor : turn.awaited().take_overdue(now)) turn.tell_unknown(actor);
}

}  // namespace shoal::control
