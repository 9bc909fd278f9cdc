#include "control/operations.h"
#include "sched/resources.h"

namespace shoal::control {

void node_load(Turn& turn, ProcessId from, const wire::NodeLoad& message) {
  if (from.n != 0 || !turn.truth().nodes().is_alive(from.node)) return;
  turn.loads().report(from.node, sched::normalised(message.available));
}

}  // namespace shoal::control
