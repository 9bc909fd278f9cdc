#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "base/testing/seeds.h"
#include "sim/sim_run.h"

namespace shoal::sim {
namespace {

using testing::replay_hint;

/// 2,000 seeds, or SHOAL_SIM_SEEDS, or the one of SHOAL_SIM_SEED. Stops at the first that fails.
TEST(Seeds, EveryRunKeepsItsPromises) {
  if (const auto seed = testing::only_seed()) {
    const SimResult result = run_seed(*seed, testing::wants_trace());
    std::cout << result.trace;
    EXPECT_EQ(result.failure, "") << replay_hint(*seed);
    return;
  }
  const std::uint64_t count = testing::seed_count(2000);
  FaultCounts faults;
  std::int64_t errors = 0;
  std::int64_t events = 0;
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    const SimResult result = run_seed(seed);
    ASSERT_EQ(result.failure, "") << replay_hint(seed);
    faults.slow += result.faults.slow;
    faults.lost += result.faults.lost;
    faults.lost_actors += result.faults.lost_actors;
    faults.pressure += result.faults.pressure;
    errors += result.ended_in_error;
    events += result.events;
  }
  std::cout << count << " seeds, " << events << " turns, " << errors << " runs ended in an error\n";
  // A swarm without faults would prove nothing.
  const auto enough = static_cast<int>(count / 20);
  EXPECT_GE(faults.slow, enough);
  EXPECT_GE(faults.lost, enough);
  EXPECT_GE(faults.lost_actors, enough);
  EXPECT_GE(faults.pressure, enough);
  EXPECT_GE(errors, static_cast<std::int64_t>(count / 50));
}

TEST(Seeds, TheSameSeedGivesTheSameTrace) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    EXPECT_EQ(run_seed(seed).trace_hash, run_seed(seed).trace_hash) << replay_hint(seed);
  }
}

TEST(Seeds, DifferentSeedsGiveDifferentTraces) { EXPECT_NE(run_seed(1).trace_hash, run_seed(2).trace_hash); }

}  // namespace
}  // namespace shoal::sim
