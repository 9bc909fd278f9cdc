#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "data/exec/physical.h"
#include "data/exec/slots.h"

namespace shoal::data {

/// How a plan's resources are shared out before it starts. Pure functions of the plan.

/// Bytes a fragment needs besides its input block and the credit for its output, from its submission to its end:
/// one block for what a step has in the making, one more for the pieces between fused steps.
std::int64_t working_bytes(const PhysicalOperator& op, std::int64_t block_bytes);

/// Fragments of the operator that can run at once at most.
int fragments_at_once(const PhysicalOperator& op, const PhysicalPlan& plan);

/// Bytes kept for each operator from those before it: for as many fragments as can run at once, but at least one and
/// at most an equal share of half the budget. The other half goes to whoever is nearest to the consumer.
std::vector<std::int64_t> memory_reserves(const PhysicalPlan& plan);

/// First workers of the operator's pool, whose GPUs are set aside; 0 without a pool.
int base_actors(const PhysicalOperator& op);
Slots::Shape slots_shape(const PhysicalPlan& plan);

/// `infeasible` where a step alone, or the pools together, ask for more than the run declares, naming the steps and
/// both ways out; `invalid_argument` for a plan that says nothing sensible.
Status check_feasible(const PhysicalPlan& plan);

}  // namespace shoal::data
