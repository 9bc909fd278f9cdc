#include "data/exec/sizing.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "data/exec/limits.h"

namespace shoal::data {
namespace {

Status check_operator(const PhysicalOperator& op, const PhysicalPlan& plan) {
  const std::string& label = op.pipeline->label;
  if (to_slot_units(op.num_cpus) > to_slot_units(plan.num_cpus)) {
    return Status(ErrorCode::infeasible,
                  fmt::format("{} asks for {} CPUs, but the run declares {}; lower the step's num_cpus or raise "
                              "RunOptions::num_cpus",
                              label, op.num_cpus, plan.num_cpus));
  }
  if (to_slot_units(op.num_gpus) > to_slot_units(plan.num_gpus)) {
    return Status(ErrorCode::infeasible,
                  fmt::format("{} asks for {} GPUs, but the run declares {}; lower the step's num_gpus or raise "
                              "RunOptions::num_gpus",
                              label, op.num_gpus, plan.num_gpus));
  }
  if (op.num_cpus < 0 || op.num_gpus < 0 || op.concurrency < 1 || op.retries < 0 || op.queued_blocks_max < 1) {
    return Status(ErrorCode::invalid_argument,
                  fmt::format("{} has a negative resource or retry count, or a concurrency or queue below 1", label));
  }
  if (op.window.offset < 0 || op.window.length < 0) {
    return Status(ErrorCode::invalid_argument, fmt::format("{} has a window of negative rows", label));
  }
  if (op.pool && (op.pool->min < 0 || op.pool->max < 1 || op.pool->max < op.pool->min || op.pool->max > 0xffff)) {
    return Status(ErrorCode::invalid_argument,
                  fmt::format("{} has a pool of {{min {}, max {}}}; give 0 <= min <= max and 1 <= max <= 65535", label,
                              op.pool->min, op.pool->max));
  }
  return Status();
}

Status check_gpus_together(const PhysicalPlan& plan) {
  const Slots::Shape shape = slots_shape(plan);
  if (shape.pool_gpus + shape.plain_gpus <= shape.gpus) return Status();
  std::string steps;
  for (const PhysicalOperator& op : plan.operators) {
    if (op.num_gpus <= 0) continue;
    const std::string times = op.pool ? fmt::format("{} x ", base_actors(op)) : std::string();
    steps += fmt::format("{}{} ({}{} GPUs)", steps.empty() ? "" : ", ", op.pipeline->label, times, op.num_gpus);
  }
  return Status(ErrorCode::infeasible,
                fmt::format("the steps {} together keep {} GPUs for the whole run, but it declares {}; lower their "
                            "num_gpus or pool minimum, or raise RunOptions::num_gpus",
                            steps, from_slot_units(shape.pool_gpus + shape.plain_gpus), plan.num_gpus));
}

}  // namespace

std::int64_t working_bytes(const PhysicalOperator& op, std::int64_t block_bytes) {
  const auto& steps = op.pipeline->steps;
  if (steps.empty()) return 0;
  // The merge of small pieces, which has no label, holds nothing that counts.
  const auto stages = std::count_if(steps.begin(), steps.end(),
                                    [](const auto& step) { return !step->label().empty(); }) +
                      (op.pipeline->source ? 1 : 0);
  return stages <= 1 ? block_bytes : 2 * block_bytes;
}

int fragments_at_once(const PhysicalOperator& op, const PhysicalPlan& plan) {
  const SlotUnits cpus = to_slot_units(op.num_cpus);
  std::int64_t most = cpus == 0 ? k_free_fragments_max : std::max<SlotUnits>(1, to_slot_units(plan.num_cpus) / cpus);
  most = std::min<std::int64_t>(most, op.concurrency);
  if (op.pool) most = std::min<std::int64_t>(most, op.pool->max);
  return static_cast<int>(most);
}

std::vector<std::int64_t> memory_reserves(const PhysicalPlan& plan) {
  std::vector<std::int64_t> reserves;
  const auto share = plan.memory_budget / 2 / static_cast<std::int64_t>(plan.operators.size());
  for (const PhysicalOperator& op : plan.operators) {
    const std::int64_t one = plan.block_bytes + working_bytes(op, plan.block_bytes);
    reserves.push_back(std::min(one * fragments_at_once(op, plan), std::max(one, share)));
  }
  return reserves;
}

int base_actors(const PhysicalOperator& op) { return op.pool ? std::max(op.pool->min, 1) : 0; }

Slots::Shape slots_shape(const PhysicalPlan& plan) {
  Slots::Shape shape{.cpus = to_slot_units(plan.num_cpus), .gpus = to_slot_units(plan.num_gpus)};
  for (const PhysicalOperator& op : plan.operators) {
    const SlotUnits gpus = to_slot_units(op.num_gpus);
    if (op.pool) {
      shape.pool_gpus += gpus * base_actors(op);
    } else {
      shape.plain_gpus = std::max(shape.plain_gpus, gpus);
    }
  }
  return shape;
}

Status check_feasible(const PhysicalPlan& plan) {
  if (plan.operators.empty() || plan.block_bytes < 1 || plan.memory_budget < 1 || plan.source_splits < 0) {
    return Status(ErrorCode::invalid_argument, "a plan needs an operator, a block size and a memory budget");
  }
  for (const PhysicalOperator& op : plan.operators) { SHOAL_RETURN_IF_ERROR(check_operator(op, plan)); }
  return check_gpus_together(plan);
}

}  // namespace shoal::data
