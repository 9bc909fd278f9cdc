#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <shoal/base/ids.h>

namespace shoal::inline v1 {

/// Where the calling thread is: in a task, in a call of an actor, or in the program outside of them.
struct Context {
  ProcessId process{};  ///< `process.node` is the node.
  std::string host{};
  std::string task_name{};       ///< Empty outside of tasks.
  std::optional<TaskId> task{};  ///< Of tasks and calls.
  std::optional<ActorId> actor{};
  std::uint32_t attempt = 0;          ///< Counted from 0.
  std::vector<std::uint32_t> gpus{};  ///< Indices of the GPUs that it may use.
  bool is_cancelled = false;          ///< Nobody wants the result any more; see also shoal::is_cancelled().
};
/// Errors: InvalidArgument where there is no session.
Context context();

/// Whether the task that the calling thread runs was cancelled: long ones ask at times, and end. Cheap.
bool is_cancelled();

/// What all nodes have, and what of it nobody uses at the moment: "CPU", "GPU", "memory" (bytes) and the nodes' own kinds.
std::map<std::string, double> cluster_resources();
std::map<std::string, double> available_resources();

/// One machine of the cluster, as the control service sees it.
struct NodeInfo {
  std::uint32_t node = 0;  ///< As in ids; a machine that joins again is another node.
  std::string host{};
  bool alive = false;
  std::map<std::string, double> total{};
  std::map<std::string, double> available{};
  std::map<std::string, std::string> labels{};
};
std::vector<NodeInfo> nodes();

}  // namespace shoal::inline v1
