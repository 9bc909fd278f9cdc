#include "control/operations.h"

namespace shoal::control {

void register_job(Turn& turn, ProcessId from, const wire::RegisterJob& message) {
  if (from.n == 0) return;  // daemons drive nothing
  turn.record(JobBegan{from, message.name});
}

}  // namespace shoal::control
