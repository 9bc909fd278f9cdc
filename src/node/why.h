#pragma once

#include <string>
#include <vector>

#include "node/leases.h"
#include "node/workers.h"

namespace shoal::node {

/// What each line that waits waits for, one text each, for people: "n1.2 wants 3 more of kind 4: needs 1 CPU; 2 of 2 CPU
/// are used by n1.1 (2 leases)".
std::vector<std::string> why_waiting(const Leases& leases);

/// What a worker does, likewise: "idle", "busy for n1.1".
std::string state_of(const Workers::Worker& worker, const Leases& leases);

}  // namespace shoal::node
