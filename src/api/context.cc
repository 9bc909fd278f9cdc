#include <shoal/api/context.h>

#include "api/current_session.h"
#include "api/demand.h"
#include "shell/machine.h"
#include "shell/running_call.h"

namespace shoal::inline v1 {
namespace {

/// What is used up is there, too, with 0.
std::map<std::string, double> available_of(const wire::NodeInfo& node) {
  std::map<std::string, double> available = to_map(node.available);
  for (const auto& [name, amount] : to_map(node.total)) available.try_emplace(name, 0);
  return available;
}

/// Of the nodes that are alive.
std::map<std::string, double> sum_up(std::map<std::string, double> NodeInfo::* amounts) {
  std::map<std::string, double> sums;
  for (const NodeInfo& node : nodes()) {
    if (!node.alive) continue;
    for (const auto& [name, amount] : node.*amounts) sums[name] += amount;
  }
  return sums;
}

}  // namespace

Context context() {
  Context context;
  context.host = shell::host_name();
  context.process = home_of_this_thread().self();
  const shell::RunningCall* const call = shell::RunningCall::of_this_thread();
  if (call == nullptr) return context;
  const owner::Execution& execution = call->execution();
  context.task_name = execution.what->name;
  context.task = execution.task;
  context.actor = call->home().actor_id();
  context.attempt = execution.attempt;
  context.gpus = execution.gpus;
  context.is_cancelled = call->is_cancelled();
  return context;
}

bool is_cancelled() {
  const shell::RunningCall* const call = shell::RunningCall::of_this_thread();
  return call != nullptr && call->is_cancelled();
}

std::map<std::string, double> cluster_resources() { return sum_up(&NodeInfo::total); }

std::map<std::string, double> available_resources() { return sum_up(&NodeInfo::available); }

std::vector<NodeInfo> nodes() {
  std::vector<NodeInfo> all;
  for (const wire::NodeInfo& node : home_of_this_thread().ask_cluster().nodes) {
    all.push_back({node.node, node.host, node.alive, to_map(node.total), available_of(node), node.labels});
  }
  return all;
}

}  // namespace shoal::inline v1
