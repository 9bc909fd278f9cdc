#include "sim/actors/run.h"

#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "base/testing/seeds.h"

namespace shoal::sim::actors {
namespace {

/// 300 seeds, or SHOAL_SIM_SEEDS, or the one of SHOAL_SIM_SEED. Stops at the first that fails.
TEST(Actors, KeepTheirPromisesUnderFaults) {
  if (const auto one = testing::only_seed()) {
    const Outcome outcome = run_actors(*one, testing::wants_trace());
    std::cout << outcome.trace;
    EXPECT_EQ(outcome.failure, "");
    return;
  }
  const std::uint64_t count = testing::seed_count(300);
  Outcome sum;
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    const Outcome outcome = run_actors(seed);
    ASSERT_EQ(outcome.failure, "") << testing::replay_hint(seed);
    sum.events += outcome.events;
    sum.incarnations += outcome.incarnations;
    sum.executions += outcome.executions;
    sum.values += outcome.values;
    sum.failures += outcome.failures;
    sum.repeated += outcome.repeated;
    sum.nodes_died += outcome.nodes_died;
    sum.processes_died += outcome.processes_died;
    sum.faults += outcome.faults;
  }
  // tools/simulate adds these up.
  std::cout << "simulated actors: seeds " << count << ", incarnations " << sum.incarnations << ", calls begun "
            << sum.executions << ", values " << sum.values << ", failures " << sum.failures
            << ", calls repeated beyond their retries " << sum.repeated << ", events " << sum.events
            << ", machines lost " << sum.nodes_died << ", processes killed " << sum.processes_died
            << ", channels broken " << sum.faults.of(FaultKind::break_channel) << ", pauses "
            << sum.faults.of(FaultKind::pause) << ", slow links " << sum.faults.of(FaultKind::slow) << ", frames lost "
            << sum.faults.frames_lost << "\n";
  // A quiet world would prove nothing.
  EXPECT_GE(sum.incarnations, 5 * count);
  EXPECT_GE(sum.values, 20 * count);
  EXPECT_GE(sum.failures, 5 * count);
  EXPECT_GE(sum.nodes_died, count / 2);
  EXPECT_GE(sum.processes_died, count / 2);
}

TEST(Actors, TheSameSeedGivesTheSameTrace) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_EQ(run_actors(seed).trace_hash, run_actors(seed).trace_hash);
    EXPECT_NE(run_actors(seed).trace_hash, run_actors(seed + 1).trace_hash);
  }
}

}  // namespace
}  // namespace shoal::sim::actors
