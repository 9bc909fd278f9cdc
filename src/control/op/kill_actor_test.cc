#include <gtest/gtest.h>

#include "control/testing/service.h"

namespace shoal::control {
namespace {

wire::ActorSpec restartable(std::int32_t restarts) {
  wire::ActorSpec spec;
  spec.restarts = restarts;
  return spec;
}

void kill(Service& service, const ActorId& actor, bool restart = false) {
  service.say({2, 30}, wire::KillActor{actor, restart, "enough"});
}

TEST(KillActor, StopsItsProcess) {
  Service service;
  service.join(2);
  const ActorId actor = service.create(1, restartable(-1));
  service.start(actor, 4);
  service.watch(actor, k_driver);
  kill(service, actor);
  const auto stop = service.only<wire::StopActor>({2, 0});
  EXPECT_EQ(stop.actor, actor);
  EXPECT_EQ(stop.incarnation, 1U);
  const auto news = service.only<wire::ActorNews>(k_driver);
  EXPECT_EQ(news.phase, wire::ActorPhase::dead);
  EXPECT_EQ(news.failure->code, ErrorCode::actor_died);
  EXPECT_NE(news.failure->text.find("enough"), std::string::npos) << "it says why";
  kill(service, actor);
  EXPECT_TRUE(service.sent().empty());
}

TEST(KillActor, BeforeItHasAProcess) {
  Service service;
  const ActorId waits = service.create(1);
  kill(service, waits);
  EXPECT_TRUE(service.sent().empty()) << "no node knows of it";
  service.join(2);
  const ActorId starts = service.create(2);
  kill(service, starts);
  EXPECT_EQ(service.only<wire::StopActor>({2, 0}).actor, starts);
  service.say({2, 0}, wire::ActorPlaced{starts, 1, {2, 4}});
  service.say({2, 4}, wire::ActorStarted{starts, 1});
  EXPECT_TRUE(service.sent().empty());
  EXPECT_EQ(service.stage(starts), Stage::dead);
}

TEST(KillActor, WithRestartTheNextWaitsForTheEndOfTheLast) {
  Service service;
  service.join(2);
  const ActorId actor = service.create(1, restartable(1));
  service.start(actor, 4);
  service.watch(actor, k_driver);
  kill(service, actor, true);
  EXPECT_EQ(service.only<wire::StopActor>({2, 0}).incarnation, 1U);
  EXPECT_EQ(service.only<wire::ActorNews>(k_driver).phase, wire::ActorPhase::restarting);
  EXPECT_TRUE(service.all<wire::StartActor>().empty()) << "two would run at once";
  kill(service, actor, true);
  EXPECT_TRUE(service.sent().empty()) << "it is under way";

  service.say({2, 0}, wire::ActorLost{actor, 1, "stopped"});
  EXPECT_EQ(service.only<wire::StartActor>({2, 0}).incarnation, 2U);
  EXPECT_TRUE(service.all<wire::ActorNews>().empty());
  service.start(actor, 5);
  EXPECT_EQ(service.life(actor).restarts_left, 0);
  kill(service, actor, true);
  EXPECT_EQ(service.stage(actor), Stage::dead) << "as its last process would be";
  service.only<wire::StopActor>({2, 0});
}

TEST(KillActor, WhileItIsBeingStopped) {
  Service service;
  service.join(2);
  const ActorId actor = service.create(1, restartable(5));
  service.start(actor, 4);
  kill(service, actor, true);
  kill(service, actor);
  EXPECT_TRUE(service.sent().empty()) << "its node knows";
  EXPECT_EQ(service.stage(actor), Stage::dead);
  service.say({2, 0}, wire::ActorLost{actor, 1, "stopped"});
  EXPECT_TRUE(service.sent().empty());
}

TEST(KillActor, AheadOfItsCreation) {
  Service service;
  service.join(2);
  service.watch({k_driver, 1}, {2, 30});
  kill(service, {k_driver, 1});
  kill(service, {k_driver, 2}, true);
  service.say({2, 30}, wire::UnwatchActor{{k_driver, 1}});
  wire::ActorSpec spec;
  spec.name = "ps";
  const ActorId actor = service.create(1, spec);
  EXPECT_EQ(service.stage(actor), Stage::dead);
  EXPECT_EQ(service.only<wire::ActorNamed>(k_driver).actor, actor);
  EXPECT_EQ(service.sent().size(), 1U);
  service.create(2);
  EXPECT_EQ(service.stage({k_driver, 2}), Stage::starting) << "there was nothing to restart";
}

TEST(KillActor, OfALongGoneOneDoesNothing) {
  Service service({.dead_actors_max = 0});
  const ActorId actor = service.create(1);
  kill(service, actor);
  EXPECT_FALSE(service.knows(actor));
  kill(service, actor);
  EXPECT_EQ(service.core().holdings(), Core::Holdings{});
}

}  // namespace
}  // namespace shoal::control
