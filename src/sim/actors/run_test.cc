#include "sim/actors/run.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>

namespace shoal::sim::actors {
namespace {

/// 300 seeds, or SHOAL_SIM_SEEDS, or the one of SHOAL_SIM_SEED. Stops at the first that fails.
TEST(Actors, KeepTheirPromisesUnderFaults) {
  if (const char* one = std::getenv("SHOAL_SIM_SEED")) {
    const Outcome outcome = run_actors(std::strtoull(one, nullptr, 10), std::getenv("SHOAL_SIM_TRACE") != nullptr);
    std::cout << outcome.trace;
    EXPECT_EQ(outcome.failure, "");
    return;
  }
  const char* many = std::getenv("SHOAL_SIM_SEEDS");
  const std::uint64_t count = many == nullptr ? 300 : std::strtoull(many, nullptr, 10);
  Outcome sum;
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    const Outcome outcome = run_actors(seed);
    ASSERT_EQ(outcome.failure, "") << "seed " << seed << "; see it by SHOAL_SIM_SEED=" << seed << " SHOAL_SIM_TRACE=1";
    sum.events += outcome.events;
    sum.incarnations += outcome.incarnations;
    sum.executions += outcome.executions;
    sum.values += outcome.values;
    sum.failures += outcome.failures;
    sum.repeated += outcome.repeated;
    sum.nodes_died += outcome.nodes_died;
    sum.processes_died += outcome.processes_died;
    sum.faults.frames_lost += outcome.faults.frames_lost;
  }
  std::cout << count << " seeds: " << sum.events << " events, " << sum.incarnations << " incarnations, "
            << sum.executions << " calls begun, " << sum.values << " values, " << sum.failures << " failures, "
            << sum.repeated << " repeated beyond their retries, " << sum.nodes_died << " machines and "
            << sum.processes_died << " processes gone, " << sum.faults.frames_lost << " frames lost\n";
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
