#pragma once

#include <vector>

#include "data/exec/physical.h"
#include "data/exec/settings.h"
#include "data/plan/node.h"

namespace shoal::data {

/// The operators that a logical plan becomes: neighbours with equal workers, resources and isolation share one
/// (fusion), a limit becomes the window of the operator it stands on. Runs nothing and does no I/O.
/// Errors: invalid_argument, infeasible and unsupported, each naming the step and the option.
Result<std::vector<PhysicalOperator>> lower_operators(const NodePtr& plan, const RunSettings& settings);

/// The plan to run. Asks the source how many splits it has, which may do I/O. Precondition: no Deferred node is left.
Result<PhysicalPlan> lower(const NodePtr& plan, const RunSettings& settings);

}  // namespace shoal::data
