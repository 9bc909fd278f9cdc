#include "sim/cluster/run.h"

#include <gtest/gtest.h>

#include "base/testing/seeds.h"

namespace shoal::sim::cluster {
namespace {

/// The failure, and the smallest program that fails likewise.
std::string explain(const Program& program, std::uint64_t seed, const std::string& failure) {
  const std::string kind = failure.substr(0, 20);
  const Program small = shrink(
      program, [&](const Program& candidate) { return run_program(candidate, seed).failure.substr(0, 20) == kind; });
  const Outcome outcome = run_program(small, seed, true);
  return failure + "\n" + to_string(small) + outcome.failure + "\n" + outcome.trace;
}

TEST(ClusterRun, EverySeedKeepsThePromises) {
  const auto one = testing::only_seed();
  const std::uint64_t first = one.value_or(1);
  const std::uint64_t last = one ? first : testing::seed_count(500);
  std::uint64_t values = 0, errors = 0, lost = 0;
  FaultTally sum;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const Program program = make_program(seed);
    const Outcome outcome = run_program(program, seed);
    ASSERT_EQ(outcome.failure, "") << "seed " << seed << ": " << explain(program, seed, outcome.failure);
    values += outcome.values;
    errors += outcome.errors;
    lost += outcome.faults.frames_lost;
    for (std::size_t kind = 0; kind < k_fault_kinds; ++kind) sum.injected[kind] += outcome.faults.injected[kind];
  }
  if (last - first < 100) return;
  EXPECT_GT(values, last);
  EXPECT_GT(errors, last / 10);
  EXPECT_GT(lost, last / 10) << "faults that lose nothing prove nothing";
  for (const std::uint64_t count : sum.injected) EXPECT_GT(count, last / 10);
}

TEST(ClusterRun, TheSameSeedGivesTheSameEvents) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Program program = make_program(seed);
    const Outcome once = run_program(program, seed, true), again = run_program(program, seed, false);
    EXPECT_EQ(once.trace_hash, again.trace_hash) << "seed " << seed;
    EXPECT_EQ(once.events, again.events) << "seed " << seed;
    EXPECT_EQ(once.values, again.values) << "seed " << seed;
  }
}

/// Script 0 and tasks with one result each.
Program program_of(std::size_t tasks) {
  Program program{.scripts = std::vector<Script>(tasks + 1), .shapes = {{}}};
  for (std::size_t index = 1; index <= tasks; ++index) {
    program.scripts[index].returns = {{}};
    program.scripts[index].result_shapes = {0};
  }
  return program;
}
Op submit(Register out, std::uint32_t script, std::vector<Register> values = {}, std::vector<Register> refs = {}) {
  return {.kind = OpKind::submit,
          .k = 1,
          .values = std::move(values),
          .refs = std::move(refs),
          .outs = {out},
          .script = script};
}
Op on(OpKind kind, Register in) { return {.kind = kind, .in = in}; }

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
  Program program = make_program(2246);
  program.kills = 0;
  const Outcome outcome = run_program(program, 2246);
  EXPECT_EQ(outcome.failure, "") << explain(program, 2246, outcome.failure);
}

}  // namespace
}  // namespace shoal::sim::cluster
