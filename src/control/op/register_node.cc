#include "control/operations.h"
#include "sched/resources.h"

namespace shoal::control {

void register_node(Turn& turn, ProcessId from, const wire::RegisterNode& message) {
  if (message.node == 0 || from != ProcessId{message.node, 0}) return;
  const NodeRecord* known = turn.truth().nodes().find(message.node);
  if (known != nullptr && !known->alive) return;
  turn.record(NodeJoined{message.node, {message.host, sched::normalised(message.total), message.labels}});
  turn.loads().forget(message.node);  // what it said of its room was said of what it had before
  for (const ActorId& actor : turn.truth().actors().unplaced()) turn.place(actor);
}

}  // namespace shoal::control
