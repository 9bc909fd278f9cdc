#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "wire/resources.h"

/// Who is there: nodes and jobs, known to the control service.
namespace shoal::wire {

struct RegisterNode {
  std::uint32_t node = 0;
  std::string host;
  Resources total;
  std::map<std::string, std::string> labels;
};
/// State: what the node could still give.
struct NodeLoad {
  Resources available;
};
struct RegisterJob {
  std::string name;
};

/// Answered by ClusterIs.
struct AskCluster {
  std::uint64_t request = 0;
};
struct NodeInfo {
  std::uint32_t node = 0;
  std::string host;
  bool alive = false;
  Resources total;
  Resources available;
  std::map<std::string, std::string> labels;
};
struct ClusterIs {
  std::uint64_t request = 0;
  std::vector<NodeInfo> nodes;
};

}  // namespace shoal::wire
