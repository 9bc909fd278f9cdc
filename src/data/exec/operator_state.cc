#include "data/exec/operator_state.h"

#include "data/exec/sizing.h"

namespace shoal::data {

OperatorState::OperatorState(const PhysicalPlan& plan, std::uint32_t op)
    : spec(plan.operators[op]),
      index(op),
      last(op + 1 == plan.operators.size()),
      working_bytes(shoal::data::working_bytes(spec, plan.block_bytes)),
      at_once(fragments_at_once(spec, plan)),
      cpus(to_slot_units(spec.num_cpus)),
      gpus(to_slot_units(spec.num_gpus)),
      order(spec.preserve_order),
      window(spec.window) {
  if (spec.pool) pool.emplace(op, *spec.pool);
  report.label = spec.pipeline->label;
}

}  // namespace shoal::data
