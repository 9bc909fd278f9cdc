#include <gtest/gtest.h>

#include "control/testing/service.h"

namespace shoal::control {
namespace {

wire::ActorSpec restartable() {
  wire::ActorSpec spec;
  spec.restarts = 1;
  return spec;
}

TEST(ProcessDied, ItsActorIsRestartedOnce) {
  Service service;
  service.join(2);
  const ActorId actor = service.create(1, restartable());
  service.start(actor, 4);
  service.die({2, 4});
  EXPECT_EQ(service.only<wire::StartActor>({2, 0}).incarnation, 2U);
  EXPECT_TRUE(service.all<wire::StopActor>().empty());
  service.say({2, 0}, wire::ActorLost{actor, 1, "crash"});
  EXPECT_TRUE(service.sent().empty()) << "the node says what is known";
  service.start(actor, 5);
  service.die({2, 5});
  EXPECT_EQ(service.death(actor), ErrorCode::actor_died);
}

TEST(ProcessDied, WithTheirCreatorActorsEnd) {
  Service service;
  service.join(2);
  wire::ActorSpec detached;
  detached.detached = true;
  const ActorId one = service.create(1);
  const ActorId two = service.create(2, detached);
  const ActorId three = service.create(3);
  const ActorId other = service.create(1, {}, {1, 2});
  service.watch(one, {2, 9});
  service.die(k_driver);
  const auto stops = service.all<wire::StopActor>();
  ASSERT_EQ(stops.size(), 2U);
  EXPECT_EQ(stops[0].second.actor, one);
  EXPECT_EQ(stops[1].second.actor, three);
  EXPECT_EQ(service.only<wire::ActorNews>({2, 9}).failure->code, ErrorCode::actor_died);
  EXPECT_EQ(service.stage(two), Stage::starting) << "it is detached";
  EXPECT_EQ(service.stage(other), Stage::starting);
}

TEST(ProcessDied, TheDeadHearNothing) {
  Service service;
  service.join(2);
  const ActorId actor = service.create(1);
  service.watch(actor, k_driver);
  service.watch(actor, {2, 9});
  service.die({2, 9});
  EXPECT_EQ(service.core().holdings().watches, 1U);
  service.die(k_driver);
  EXPECT_TRUE(service.all<wire::ActorNews>().empty());
  EXPECT_EQ(service.core().holdings(), (Core::Holdings{.graves = 1}));
}

TEST(ProcessDied, ANodeTakesItsActorsAlong) {
  Service service;
  service.join(2);
  const ActorId restarts = service.create(1, restartable());
  const ActorId ends = service.create(2);
  const ActorId starts = service.create(3, restartable());
  service.start(restarts, 4);
  service.start(ends, 5);
  service.join(3);
  service.watch(restarts, k_driver);
  service.watch(ends, k_driver);
  service.die({2, 0});
  const auto asked = service.all<wire::StartActor>();
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].first, (ProcessId{3, 0}));
  EXPECT_EQ(asked[0].second.actor, restarts);
  EXPECT_EQ(asked[1].second.actor, starts);
  EXPECT_EQ(service.death(ends), ErrorCode::actor_died);
  EXPECT_NE(service.life(ends).death->text.find("host2"), std::string::npos) << "it says which node";
  EXPECT_EQ(service.all<wire::ActorNews>().size(), 2U);
  EXPECT_TRUE(service.all<wire::StopActor>().empty());
  service.say({2, 0}, wire::NodeLoad{cpus(1)});
  service.join(2);
  EXPECT_FALSE(service.core().truth().nodes().is_alive(2)) << "what is dead stays so";
}

TEST(ProcessDied, WithTheLastNodeActorsWaitForAnother) {
  Service service;
  service.join(2);
  const ActorId actor = service.create(1, restartable());
  service.start(actor, 4);
  service.die({2, 0});
  EXPECT_EQ(service.stage(actor), Stage::placing);
  service.join(3);
  EXPECT_EQ(service.only<wire::StartActor>({3, 0}).incarnation, 2U);
}

TEST(ProcessDied, ANodeTakesItsWorkersAlongButNotItsDrivers) {
  Service service;
  service.join(1);
  service.join(2);
  service.say(k_driver, wire::RegisterJob{"training"});
  wire::ActorSpec away;
  away.constructor.strategy = {wire::StrategyKind::affinity, 2, false};
  const ActorId of_driver = service.create(1, away);
  const ActorId of_worker = service.create(1, away, {1, 7});
  service.watch(of_driver, {1, 8});
  service.watch(of_driver, k_driver);
  service.watch({{1, 9}, 1}, k_driver);  // yet to come, from a worker
  service.die({1, 0});
  EXPECT_EQ(service.stage(of_driver), Stage::starting);
  EXPECT_EQ(service.only<wire::StopActor>({2, 0}).actor, of_worker);
  EXPECT_EQ(service.only<wire::ActorNews>(k_driver).actor, (ActorId{{1, 9}, 1}));
  EXPECT_EQ(service.core().holdings().watches, 1U) << "the driver's";
  service.die(k_driver);
  EXPECT_EQ(service.only<wire::StopActor>({2, 0}).actor, of_driver);
}

TEST(ProcessDied, ARestartThatWaitsForItsNodeGoesOnElsewhere) {
  Service service;
  service.join(2);
  const ActorId actor = service.create(1, restartable());
  service.start(actor, 4);
  service.join(3);
  service.say(k_driver, wire::KillActor{actor, true, "again"});
  service.die({2, 0});
  EXPECT_EQ(service.only<wire::StartActor>({3, 0}).incarnation, 2U);
}

TEST(ProcessDied, OfOneNobodyKnowsChangesNothing) {
  Service service;
  for (const ProcessId process : {ProcessId{7, 0}, ProcessId{7, 3}, k_control}) {
    service.die(process);
    EXPECT_TRUE(service.sent().empty());
  }
  EXPECT_EQ(service.core().holdings(), Core::Holdings{});
}

}  // namespace
}  // namespace shoal::control
