#include "sim/cluster/run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <iostream>
#include <utility>

#include "base/testing/seeds.h"
#include "sim/cluster/testing/written_program.h"

namespace shoal::sim::cluster {
namespace {

/// The failure, and the smallest program that fails likewise.
std::string explain(const Program& program, std::uint64_t seed, const std::string& failure) {
  if (!testing::wants_explanation()) return failure;
  const std::string kind = failure.substr(0, 20);
  const Program small = shrink(
      program, [&](const Program& candidate) { return run_program(candidate, seed).failure.substr(0, 20) == kind; });
  const Outcome outcome = run_program(small, seed, true);
  return failure + "\n" + to_string(small) + outcome.failure + "\n" + outcome.trace;
}

/// Of this process: what else the machine does is not counted.
std::uint64_t cpu_ms() {
  return static_cast<std::uint64_t>(std::clock()) * 1'000 / static_cast<std::uint64_t>(CLOCKS_PER_SEC);
}

/// Every k_shards-th seed.
class ClusterSeeds : public ::testing::TestWithParam<std::uint64_t> {
 public:
  static constexpr std::uint64_t k_shards = 10;
};

/// 5,000 seeds, or SHOAL_SIM_SEEDS, or the one of SHOAL_SIM_SEED. Stops at the first that fails.
TEST_P(ClusterSeeds, KeepThePromises) {
  const auto one = testing::only_seed();
  if (one && *one % k_shards != GetParam()) return;
  const std::uint64_t last = one.value_or(testing::seed_count(5'000, 200));
  const std::uint64_t began = cpu_ms();
  std::pair<std::uint64_t, std::uint64_t> slowest{};  // milliseconds, and its number
  std::uint64_t seeds = 0;
  Outcome sum;
  for (std::uint64_t seed = one.value_or(GetParam() + 1); seed <= last; seed += k_shards) {
    const Program program = make_program(seed);
    const std::uint64_t seed_began = cpu_ms();
    const Outcome outcome = run_program(program, seed);
    ASSERT_EQ(outcome.failure, "") << "seed " << seed << ": " << explain(program, seed, outcome.failure);
    slowest = std::max(slowest, std::pair(cpu_ms() - seed_began, seed));
    ++seeds;
    sum += outcome;
  }
  // tools/simulate adds these up.
  std::cout << "simulated tasks: seeds " << seeds << ", " << to_string(sum) << ", CPU ms " << cpu_ms() - began << "\n";
  std::cout << "slowest: " << slowest.second << " in " << slowest.first << " ms of CPU\n";
  if (seeds < 100) return;
  EXPECT_GE(sum.ops, 200 * seeds);
  EXPECT_GT(sum.values, 5 * seeds);
  EXPECT_GT(sum.errors, seeds);
  EXPECT_GT(sum.repeated, seeds / 5);
  EXPECT_GT(sum.machines_lost, seeds / 10);
  EXPECT_GT(sum.failed_starts, seeds / 10);
  EXPECT_GT(sum.faults.frames_lost, seeds) << "faults that lose nothing prove nothing";
  EXPECT_GT(sum.faults.postponed, seeds);
  for (const std::uint64_t count : sum.faults.injected) EXPECT_GT(count, seeds / 2);
}
INSTANTIATE_TEST_SUITE_P(Shards, ClusterSeeds, ::testing::Range<std::uint64_t>(0, ClusterSeeds::k_shards));

TEST(ClusterRun, TheSameSeedGivesTheSameEvents) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Program program = make_program(seed);
    const Outcome once = run_program(program, seed, true), again = run_program(program, seed, false);
    EXPECT_EQ(once.trace_hash, again.trace_hash) << "seed " << seed;
    EXPECT_EQ(once.events, again.events) << "seed " << seed;
    EXPECT_EQ(once.values, again.values) << "seed " << seed;
  }
}

void expect_kept(const Program& program) {
  ASSERT_EQ(fault_of(program), "");
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Outcome outcome = run_program(program, seed);
    ASSERT_EQ(outcome.failure, "") << "seed " << seed << ": " << explain(program, seed, outcome.failure);
  }
}

// A worker waited for a task of the same owner, which did not ask for another worker, since it held one.
TEST(ClusterRun, AWorkerThatWaitsIsNoneForWhatItWaitsFor) {
  Program program = program_of(4);
  program.scripts[0].ops = {submit(0, 1), on(OpKind::get, 0)};
  program.scripts[1].ops = {submit(0, 2), submit(1, 3, {0}, {0}), submit(2, 4, {}, {1}), on(OpKind::settle, 2)};
  program.scripts[3].values = {0};
  program.scripts[3].refs = {0};
  program.scripts[4].refs = {0};
  program.scripts[4].ops = {on(OpKind::get, 0)};
  expect_kept(program);
}

// A worker's death was known to an owner before the daemon, which granted that worker: the task it was given stood still.
TEST(ClusterRun, AWorkerMayBeGrantedAfterItsDeath) {
  Program program = program_of(2);
  program.workers = 2;
  program.kills = 2;
  program.scripts[0].ops = {submit(0, 1), submit(1, 2, {0}, {0}), on(OpKind::get, 1)};
  program.scripts[2].values = {0};
  program.scripts[2].refs = {0};
  program.scripts[2].ops = {on(OpKind::get, 0)};
  program.scripts[2].retries = 1;
  program.scripts[2].priority = 1;
  expect_kept(program);
}

// A task that was on its way to a worker when that began to wait was neither begun nor given back.
TEST(ClusterRun, WhatComesToAWorkerThatWaitsGoesBack) {
  Program program = program_of(4);
  program.workers = 2;
  program.scripts[0].ops = {submit(0, 1), on(OpKind::settle, 0), submit(1, 1),          on(OpKind::settle, 1),
                            submit(2, 2), submit(3, 3, {2}),     submit(4, 4, {}, {3}), on(OpKind::get, 4)};
  for (Script& script : program.scripts) script.retries = 1;  // so that it may be sent behind another
  program.scripts[3].values = {0};
  program.scripts[4].refs = {0};
  program.scripts[4].ops = {on(OpKind::get, 0)};
  expect_kept(program);
}

}  // namespace
}  // namespace shoal::sim::cluster
