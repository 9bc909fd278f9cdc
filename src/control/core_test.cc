#include "control/core.h"

#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "base/testing/seeds.h"
#include "control/testing/service.h"
#include "control/testing/town.h"

namespace shoal::control {
namespace {

/// 600 seeds, or SHOAL_SIM_SEEDS, or the one of SHOAL_SIM_SEED. Stops at the first that fails.
TEST(Core, KeepsItsPromisesInEveryTown) {
  if (const auto one = testing::only_seed()) {
    Town town(*one, testing::wants_trace());
    const std::string failure = town.run();
    std::cout << town.trace();
    EXPECT_EQ(failure, "");
    return;
  }
  const std::uint64_t count = testing::seed_count(600);
  Town::Counts sum;
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    Town town(seed);
    ASSERT_EQ(town.run(), "") << testing::replay_hint(seed);
    const Town::Counts& counts = town.counts();
    sum.inputs += counts.inputs;
    sum.created += counts.created;
    sum.started += counts.started;
    sum.lost += counts.lost;
    sum.nodes_died += counts.nodes_died;
    sum.repeated += counts.repeated;
    sum.kills += counts.kills;
  }
  std::cout << count << " seeds: " << sum.inputs << " inputs, " << sum.created << " actors created, " << sum.started
            << " incarnations, " << sum.lost << " lost, " << sum.nodes_died << " nodes died, " << sum.kills
            << " kills, " << sum.repeated << " messages repeated\n";
  // A quiet town would prove nothing.
  const auto enough = static_cast<int>(count);
  EXPECT_GE(sum.created, 10 * enough);
  EXPECT_GE(sum.started, 5 * enough);
  EXPECT_GE(sum.lost, enough);
  EXPECT_GE(sum.nodes_died, enough / 4);
  EXPECT_GE(sum.kills, 5 * enough);
  EXPECT_GE(sum.repeated, enough);
}

TEST(Core, TheSameInputsGiveTheSameMessages) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Town one(seed), again(seed), other(seed + 1000);
    EXPECT_EQ(one.run(), "");
    EXPECT_EQ(again.run(), "");
    EXPECT_EQ(other.run(), "");
    EXPECT_EQ(one.trace_hash(), again.trace_hash());
    EXPECT_NE(one.trace_hash(), other.trace_hash());
  }
}

TEST(Core, WhatIsNotForTheControlServiceChangesNothing) {
  Service service;
  service.say({2, 0}, wire::StartActor{});
  service.say({2, 3}, wire::ActorNews{});
  service.say({2, 3}, wire::PushTask{});
  EXPECT_TRUE(service.sent().empty());
  EXPECT_EQ(service.core().truth(), Truth());
}

TEST(Core, KeepsNoChangesUnlessTheyAreAskedFor) {
  Core core;
  core.on_message({2, 0}, wire::RegisterNode{2, "host", cpus(1), {}});
  EXPECT_TRUE(core.truth().nodes().is_alive(2));
  std::vector<Change> changes(1, JobEnded{});
  core.take_changes(changes);
  EXPECT_TRUE(changes.empty());
}

}  // namespace
}  // namespace shoal::control
