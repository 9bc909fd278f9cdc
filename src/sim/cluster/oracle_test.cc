#include "sim/cluster/oracle.h"

#include <gtest/gtest.h>

#include "sim/cluster/testing/written_program.h"

namespace shoal::sim::cluster {
namespace {

Expectation of(const Program& program, Register reg) {
  EXPECT_EQ(fault_of(program), "");
  return Oracle(program).driver().at(reg);
}

TEST(ClusterOracle, NumbersComeFromInputsInTheirOrder) {
  Program program = program_of(2);
  program.scripts[0].ops = {put(0, 5), put(1, 6), submit(2, 1, {0, 1}), submit(3, 1, {1, 0}), submit(4, 2, {}, {0})};
  program.scripts[1].values = {0, 0};
  program.scripts[2].refs = {0};
  program.scripts[2].ops = {get(0)};
  const std::uint64_t five = combine(0, 5), six = combine(0, 6), seed = combine(0, 9);
  EXPECT_EQ(of(program, 0).number, five);
  EXPECT_EQ(of(program, 2).number, combine(combine(combine(seed, five), six), 0));
  EXPECT_EQ(of(program, 3).number, combine(combine(combine(seed, six), five), 0));
  EXPECT_EQ(of(program, 4).number, combine(combine(seed, five), 0)) << "got in the task";
  for (const Register reg : {0u, 2u, 3u, 4u}) EXPECT_TRUE(of(program, reg).errors.empty());
}

TEST(ClusterOracle, AFailureIsAllThereIsAndSpreads) {
  Program program = program_of(3);
  program.scripts[0].ops = {submit(0, 1), submit(1, 2, {0}), submit(2, 3, {}, {0})};
  program.scripts[1].ops = {on(OpKind::fail)};
  program.scripts[2].values = {0};
  program.scripts[3].refs = {0};
  for (const Register reg : {0u, 1u}) {
    EXPECT_EQ(of(program, reg).number, std::nullopt);
    EXPECT_EQ(of(program, reg).errors, Codes{ErrorCode::user_function});
  }
  EXPECT_NE(of(program, 2).number, std::nullopt) << "it does not look";
  program.scripts[3].ops = {on(OpKind::settle, 0)};
  EXPECT_NE(of(program, 2).number, std::nullopt) << "it does not mind";
  program.scripts[3].ops = {get(0)};
  EXPECT_EQ(of(program, 2).number, std::nullopt);
  EXPECT_EQ(of(program, 2).errors, Codes{ErrorCode::user_function});
}

TEST(ClusterOracle, ACancelMayReachWhatWasBegunBeforeIt) {
  Program program = program_of(2);
  program.scripts[0].ops = {submit(0, 1), submit(1, 2, {0}), submit(2, 1), on(OpKind::cancel, 0)};
  program.scripts[2].values = {0};
  for (const Register reg : {0u, 1u}) {
    EXPECT_NE(of(program, reg).number, std::nullopt);
    EXPECT_EQ(of(program, reg).errors, Codes{ErrorCode::cancelled});
  }
  EXPECT_TRUE(of(program, 2).errors.empty());
}

TEST(ClusterOracle, EnoughRetriesExcuseNoDeath) {
  Program program = program_of(2);
  program.kills = 2;
  program.scripts[0].ops = {put(0, 1), submit(1, 1, {0}), submit(2, 2, {1})};
  program.scripts[1].values = {0};
  program.scripts[2].values = {0};
  program.scripts[2].retries = 2;
  program.scripts[1].retries = 1;
  EXPECT_TRUE(of(program, 0).errors.empty()) << "the driver's own";
  EXPECT_EQ(of(program, 1).errors, Codes{ErrorCode::worker_died});
  EXPECT_EQ(of(program, 2).errors, Codes{ErrorCode::worker_died}) << "through its argument";
  EXPECT_NE(of(program, 2).number, std::nullopt);
  program.scripts[1].retries = 2;
  EXPECT_TRUE(of(program, 1).errors.empty());
  EXPECT_TRUE(of(program, 2).errors.empty());
  program.kills = 0;
  program.scripts[1].retries = 0;
  EXPECT_TRUE(of(program, 2).errors.empty());
}

TEST(ClusterOracle, WhatAWorkerOwnsDiesWithIt) {
  Program program = program_of(1);
  program.kills = 1;
  program.scripts[0].ops = {submit(0, 1), get(0, {1})};
  program.scripts[1].retries = 5;
  program.scripts[1].ops = {put(0, 3)};
  program.scripts[1].returns = {{0}};
  program.scripts[1].result_shapes = {1};
  EXPECT_TRUE(of(program, 0).errors.empty());
  EXPECT_EQ(of(program, 1).errors, (Codes{ErrorCode::owner_died, ErrorCode::object_lost}));
  EXPECT_EQ(of(program, 1).number, combine(combine(0, 9), 3));
}

TEST(ClusterOracle, TheDriverGoesOnWithoutWhatItDidNotGet) {
  Program program = program_of(2);
  program.shapes = {{}, {0}};
  program.scripts[0].ops = {put(0, 1), submit(1, 1, {}, {0}), get(1, {2}), submit(3, 2, {2}), submit(4, 2, {0})};
  program.scripts[1].refs = {0};
  program.scripts[1].ops = {on(OpKind::fail)};
  program.scripts[1].returns = {{0}};
  program.scripts[1].result_shapes = {1};
  program.scripts[2].values = {0};
  EXPECT_EQ(fault_of(program), "");
  const Oracle oracle(program);
  EXPECT_TRUE(oracle.driver().contains(1));
  EXPECT_FALSE(oracle.driver().contains(2));
  EXPECT_FALSE(oracle.driver().contains(3));
  EXPECT_TRUE(oracle.driver().contains(4));
}

}  // namespace
}  // namespace shoal::sim::cluster
