#include "sim/program.h"

#include <algorithm>

#include "sim/random.h"

namespace shoal::sim {
namespace {

SimStep random_step(Random& random) {
  switch (random.between(0, 3)) {
    case 0: return {StepKind::add, random.between(1, 5)};
    case 1: return {StepKind::keep, random.between(2, 5)};
    case 2: return {StepKind::repeat, random.between(2, 4)};
    default: return {StepKind::scale, random.between(1, 3)};
  }
}

data::RowWindow random_window(Random& random) {
  return {random.chance(50) ? 0 : random.between(0, 60),
          random.chance(20) ? data::k_all_rows : random.between(0, random.chance(50) ? 20 : 200)};
}

void add_resources(SimOperator& op, const Program& program, Random& random) {
  const double cpus[] = {0, 0.5, 1, 1, 1, 2, program.num_cpus};
  op.num_cpus = std::min(random.pick(cpus), program.num_cpus);
  if (random.chance(20)) op.concurrency = static_cast<int>(random.between(1, 3));
  if (random.chance(20)) op.queued_blocks_max = static_cast<int>(random.between(1, 4));
  if (random.chance(25)) {
    const int min = static_cast<int>(random.between(0, 2));
    op.pool = data::Pool{min, std::max(1, min + static_cast<int>(random.between(0, 2)))};
  }
}

/// GPUs for some operators, as many as the run has when all pools have their first workers.
void add_gpus(Program& program, Random& random) {
  program.num_gpus = static_cast<double>(random.between(1, 3));
  double left = program.num_gpus;
  double plain = 0;
  for (SimOperator& op : program.operators) {
    const double shares[] = {0.25, 0.5, 1};
    const double gpus = random.pick(shares);
    const double needed = op.pool ? gpus * std::max(1, op.pool->min) : std::max(0.0, gpus - plain);
    if (random.chance(50) || needed > left) continue;
    op.num_gpus = gpus;
    left -= needed;
    if (!op.pool) plain = std::max(plain, gpus);
  }
}

void add_failures(Program& program, Random& random) {
  const bool fatal = random.chance(10);
  for (SimOperator& op : program.operators) {
    if (!random.chance(30)) continue;
    op.retries = static_cast<int>(random.between(0, 2));
    op.failures = {.every = random.between(1, 5),
                   .item = random.between(0, 3),
                   .times = fatal ? OwnFailures::k_always : op.retries};
  }
  const int few[] = {0, 0, 0, 2, 10};
  program.slow_percent = random.pick(few);
  program.lost_percent = random.pick(few);
  program.lost_actor_percent = 3 * random.pick(few);
  program.pressure_percent = random.pick(few);
  program.lost_forever = program.lost_percent > 0 && random.chance(10);
}

void add_source(Program& program, Random& random) {
  const std::int64_t splits = random.chance(5) ? 0 : random.between(1, random.chance(10) ? 80 : 16);
  for (std::int64_t i = 0; i < splits; ++i) {
    auto& blocks = program.splits.emplace_back();
    for (std::int64_t count = random.between(0, 5); count > 0; --count) blocks.push_back(random.between(1, 12));
  }
}

void add_operators(Program& program, Random& random) {
  const std::int64_t count = random.between(1, 5);
  bool ordered = true;
  for (std::int64_t i = 0; i < count; ++i) {
    SimOperator& op = program.operators.emplace_back();
    for (std::int64_t steps = random.between(i == 0 ? 0 : 1, 3); steps > 0; --steps) {
      op.steps.push_back(random_step(random));
    }
    add_resources(op, program, random);
    if (op.steps.empty()) op.pool.reset();
    if (random.chance(8)) ordered = op.preserve_order = false;
    // Which rows a window lets through is defined only where there is an order; at the end their number is.
    const bool may_cut = ordered || i + 1 == count;
    if (may_cut && random.chance(20)) op.window = random_window(random);
  }
}

}  // namespace

Program make_program(std::uint64_t seed) {
  Random random(seed);
  Program program;
  program.num_cpus = static_cast<double>(random.between(1, 6));
  add_source(program, random);
  add_operators(program, random);
  if (random.chance(30)) add_gpus(program, random);
  program.block_bytes = random.between(40, 120);
  const std::int64_t budgets[] = {1, program.block_bytes * 2, program.block_bytes * 10, program.block_bytes * 100};
  program.memory_budget = random.pick(budgets);
  const Consumer consumers[] = {Consumer::normal,   Consumer::normal,   Consumer::slow,
                                Consumer::stopping, Consumer::hoarding, Consumer::keeping};
  program.consumer = random.pick(consumers);
  program.stop_after = random.between(0, 6);
  add_failures(program, random);
  return program;
}

}  // namespace shoal::sim
