#include "control/loads.h"

#include <gtest/gtest.h>

namespace shoal::control {
namespace {

constexpr std::uint32_t k_loaded = 4;

wire::Resources cpus(std::int64_t n) {
  wire::Resources resources;
  resources.cpu = n * wire::k_one;
  return resources;
}
ActorLife life(Stage stage, ProcessId process = {}) {
  ActorLife made;
  made.stage = stage;
  made.node = stage == Stage::placing || stage == Stage::dead ? 0 : k_loaded;
  made.process = process;
  return made;
}

struct LoadsTest : ::testing::Test {
  LoadsTest() {
    record.total = cpus(8);
    spec.constructor.resources = cpus(3);
    spec.constructor.function = {1, 2};
  }
  std::int64_t available() const { return loads.available(k_loaded, record).cpu / wire::k_one; }
  Loads loads;
  NodeRecord record;
  wire::ActorSpec spec;
};

TEST_F(LoadsTest, WhatWasAskedIsTakenUntilItIsAnswered) {
  EXPECT_EQ(available(), 8) << "all, where the node said nothing";
  loads.report(k_loaded, cpus(5));
  EXPECT_EQ(available(), 5);
  loads.follow(spec, life(Stage::placing), life(Stage::starting));
  loads.follow(spec, life(Stage::placing), life(Stage::starting));
  EXPECT_EQ(available(), -1) << "the second will wait there";
  loads.follow(spec, life(Stage::starting), life(Stage::starting, {k_loaded, 1}));
  EXPECT_EQ(available(), 2) << "the node's next word includes it";
  EXPECT_EQ(loads.reported(k_loaded, record), cpus(5));
  loads.follow(spec, life(Stage::starting), life(Stage::dead));
  EXPECT_EQ(available(), 5);
  loads.forget(k_loaded);
  EXPECT_EQ(available(), 8);
}

TEST_F(LoadsTest, CountsActorsOfOneConstructor) {
  loads.follow(spec, life(Stage::placing), life(Stage::starting));
  EXPECT_EQ(loads.of_kind(k_loaded, {1, 2}), 1U);
  EXPECT_EQ(loads.of_kind(k_loaded, {1, 3}), 0U);
  EXPECT_EQ(loads.of_kind(5, {1, 2}), 0U);
  const ProcessId process{k_loaded, 1};
  loads.follow(spec, life(Stage::starting), life(Stage::alive, process));
  loads.follow(spec, life(Stage::alive, process), life(Stage::stopping, process));
  EXPECT_EQ(loads.of_kind(k_loaded, {1, 2}), 1U) << "it is still there";
  loads.follow(spec, life(Stage::stopping, process), life(Stage::placing));
  EXPECT_EQ(loads.of_kind(k_loaded, {1, 2}), 0U);
  EXPECT_EQ(loads.size(), 0U);
}

}  // namespace
}  // namespace shoal::control
