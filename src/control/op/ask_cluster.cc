#include <utility>

#include "control/operations.h"

namespace shoal::control {

void ask_cluster(Turn& turn, ProcessId from, const wire::AskCluster& message) {
  wire::ClusterIs answer;
  answer.request = message.request;
  for (const auto& [node, record] : turn.truth().nodes().all()) {
    wire::NodeInfo info;
    info.node = node;
    info.host = record.host;
    info.alive = record.alive;
    info.total = record.total;
    if (record.alive) info.available = turn.loads().reported(node, record);
    info.labels = record.labels;
    answer.nodes.push_back(std::move(info));
  }
  turn.send(from, std::move(answer));
}

}  // namespace shoal::control
