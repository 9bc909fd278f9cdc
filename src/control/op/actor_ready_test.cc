#include <gtest/gtest.h>

#include "control/testing/service.h"

namespace shoal::control {
namespace {

/// A service with a machine, which was told of an actor whose arguments are late.
struct ActorReady : ::testing::Test {
  ActorReady() { service.join(2); }
  ActorId create(std::uint64_t n, wire::ActorSpec spec = {}) {
    const ActorId actor{k_driver, n};
    service.say(k_driver, wire::CreateActor{actor, std::make_shared<const wire::ActorSpec>(std::move(spec)), true});
    return actor;
  }
  void ready(const ActorId& actor, ProcessId from = k_driver) {
    service.say(from, wire::ActorReady{actor, {Payload(3)}});
  }
  Service service;
};

TEST_F(ActorReady, AnActorIsPlacedOnceItsArgumentsAreThere) {
  const ActorId actor = create(1);
  EXPECT_TRUE(service.sent().empty());
  EXPECT_EQ(service.stage(actor), Stage::registered);
  ready(actor);
  const auto asked = service.only<wire::StartActor>({2, 0});
  ASSERT_EQ(asked.spec->resolved.size(), 1U);
  EXPECT_EQ(asked.spec->resolved[0].size(), 3U);
  ready(actor);
  EXPECT_TRUE(service.sent().empty()) << "once";
}

TEST_F(ActorReady, OnlyItsCreatorHasThem) {
  const ActorId actor = create(1);
  ready(actor, {2, 9});
  EXPECT_EQ(service.stage(actor), Stage::registered);
}

TEST_F(ActorReady, ALaterActorDoesNotWait) {
  const ActorId late = create(1);
  const ActorId next = service.create(2);
  EXPECT_EQ(service.stage(next), Stage::starting);
  ready(late);
  EXPECT_EQ(service.stage(late), Stage::starting);
}

TEST_F(ActorReady, ItIsKnownAndHasItsNameBefore) {
  wire::ActorSpec spec;
  spec.name = "ps";
  const ActorId actor = create(1, spec);
  EXPECT_EQ(service.core().truth().names().find("ps"), actor);
  service.watch(actor, {2, 5});
  EXPECT_EQ(service.only<wire::ActorNews>({2, 5}).phase, wire::ActorPhase::placing);
  service.join(3);
  EXPECT_TRUE(service.all<wire::StartActor>().empty()) << "a machine is not what it waits for";
}

TEST_F(ActorReady, WhatWasKilledMeanwhileStaysDead) {
  const ActorId actor = create(1);
  service.say(k_driver, wire::KillActor{actor, false, "no use"});
  ready(actor);
  EXPECT_EQ(service.stage(actor), Stage::dead);
}

TEST_F(ActorReady, ADetachedOneEndsWithACreatorThatNeverHadItsArguments) {
  wire::ActorSpec spec;
  spec.detached = true;
  const ActorId actor = create(1, spec);
  service.die(k_driver);
  EXPECT_EQ(service.stage(actor), Stage::dead);
}

}  // namespace
}  // namespace shoal::control
