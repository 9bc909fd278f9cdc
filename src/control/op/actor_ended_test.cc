#include <gtest/gtest.h>

#include "control/testing/service.h"

namespace shoal::control {
namespace {

wire::FailurePtr failure(ErrorCode code) {
  auto made = std::make_shared<wire::Failure>();
  made->code = code;
  return made;
}

struct ActorEnded : ::testing::Test {
  ActorEnded() {
    service.join(2);
    wire::ActorSpec spec;
    spec.restarts = 2;
    actor = service.create(1, spec);
  }
  Service service;
  ActorId actor;
};

TEST_F(ActorEnded, AConstructorThatThrewIsNotTriedAgain) {
  service.say({2, 4}, wire::ActorEnded{actor, 1, failure(ErrorCode::user_function), false});
  EXPECT_EQ(service.death(actor), ErrorCode::user_function) << "the failure is its constructor's";
  EXPECT_EQ(service.only<wire::StopActor>({2, 0}).incarnation, 1U) << "so that the node takes back what it gave";
  service.say({2, 0}, wire::ActorPlaced{actor, 1, {2, 4}});
  service.say({2, 0}, wire::ActorLost{actor, 1, "stopped"});
  EXPECT_TRUE(service.sent().empty());
}

TEST_F(ActorEnded, AnIntendedEndIsTheEnd) {
  service.start(actor, 4);
  service.say({2, 4}, wire::ActorEnded{actor, 1, failure(ErrorCode::cancelled), true});
  EXPECT_EQ(service.death(actor), ErrorCode::cancelled);
  service.only<wire::StopActor>({2, 0});
}

TEST_F(ActorEnded, AnyOtherEndIsALoss) {
  service.start(actor, 4);
  service.say({2, 4}, wire::ActorEnded{actor, 1, failure(ErrorCode::cancelled), false});
  EXPECT_EQ(service.stage(actor), Stage::stopping);
  service.only<wire::StopActor>({2, 0});
  service.die({2, 4});
  EXPECT_EQ(service.only<wire::StartActor>({2, 0}).incarnation, 2U);
  service.say({2, 0}, wire::ActorLost{actor, 1, "stopped"});
  EXPECT_TRUE(service.sent().empty()) << "known already";
}

TEST_F(ActorEnded, StaleOnesChangeNothing) {
  service.start(actor, 4);
  service.say({2, 0}, wire::ActorLost{actor, 1, "crash"});
  service.start(actor, 5);
  const ActorLife before = service.life(actor);
  service.say({2, 0}, wire::ActorPlaced{actor, 1, {2, 4}});
  service.say({2, 4}, wire::ActorStarted{actor, 1});
  service.say({2, 4}, wire::ActorEnded{actor, 1, failure(ErrorCode::cancelled), true});
  service.say({2, 0}, wire::ActorLost{actor, 1, "crash"});
  service.say({2, 4}, wire::ActorEnded{actor, 2, failure(ErrorCode::cancelled), true});
  EXPECT_TRUE(service.sent().empty());
  EXPECT_EQ(service.life(actor), before);
}

TEST_F(ActorEnded, ItsStartMayOvertakeItsPlace) {
  service.say({2, 4}, wire::ActorStarted{actor, 1});
  EXPECT_EQ(service.stage(actor), Stage::alive);
  service.say({2, 0}, wire::ActorPlaced{actor, 1, {2, 4}});
  EXPECT_EQ(service.life(actor).process, (ProcessId{2, 4}));
  EXPECT_EQ(service.stage(actor), Stage::alive);
}

TEST_F(ActorEnded, OfAnActorThatIsNotThereChangesNothing) {
  const ActorId other{k_driver, 50};
  service.say({2, 0}, wire::ActorPlaced{other, 1, {2, 4}});
  service.say({2, 4}, wire::ActorStarted{other, 1});
  service.say({2, 4}, wire::ActorEnded{other, 1, failure(ErrorCode::cancelled), true});
  service.say({2, 0}, wire::ActorLost{other, 1, "crash"});
  EXPECT_TRUE(service.sent().empty());
  EXPECT_FALSE(service.knows(other));
}

}  // namespace
}  // namespace shoal::control
