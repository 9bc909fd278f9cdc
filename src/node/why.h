#pragma once

#include <string>
#include <vector>

#include "node/leases.h"

namespace shoal::node {

/// What each line that waits waits for, one text each, for people: "n1.2 wants 3 more of kind 4: needs 1 CPU; 2 of 2 CPU
/// are used by n1.1 (2 leases)".
std::vector<std::string> why_waiting(const Leases& leases);

}  // namespace shoal::node
