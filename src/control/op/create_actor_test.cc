#include <gtest/gtest.h>

#include "control/testing/service.h"

namespace shoal::control {
namespace {

wire::ActorSpec named(const std::string& name) {
  wire::ActorSpec spec;
  spec.name = name;
  return spec;
}

TEST(CreateActor, ANodeIsAskedToHostIt) {
  Service service;
  service.join(2);
  wire::ActorSpec spec;
  spec.constructor.resources = cpus(1);
  spec.restarts = 3;
  const ActorId actor = service.create(1, spec);
  const auto asked = service.only<wire::StartActor>({2, 0});
  EXPECT_EQ(asked.actor, actor);
  EXPECT_EQ(asked.incarnation, 1U);
  EXPECT_EQ(asked.spec->constructor.resources, cpus(1));
  EXPECT_EQ(service.sent().size(), 1U) << "nobody watches";
  EXPECT_EQ(service.stage(actor), Stage::starting);
  EXPECT_EQ(service.life(actor).restarts_left, 3);
}

TEST(CreateActor, WaitsForTheFirstNode) {
  Service service;
  const ActorId one = service.create(1);
  const ActorId two = service.create(2);
  EXPECT_TRUE(service.sent().empty());
  EXPECT_EQ(service.stage(one), Stage::placing);
  service.join(2);
  const auto asked = service.all<wire::StartActor>();
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].second.actor, one);
  EXPECT_EQ(asked[1].second.actor, two);
}

TEST(CreateActor, WhatNoNodeCanHostDiesAtOnce) {
  Service service;
  service.join(2, 2);
  wire::ActorSpec spec = named("big");
  spec.constructor.resources = cpus(4);
  const ActorId actor = service.create(1, spec);
  EXPECT_EQ(service.stage(actor), Stage::dead);
  EXPECT_EQ(service.death(actor), ErrorCode::infeasible);
  EXPECT_EQ(service.core().holdings().names, 0U) << "its name is free";
  service.watch(actor, {2, 5});
  EXPECT_EQ(service.only<wire::ActorNews>({2, 5}).failure->code, ErrorCode::infeasible);
}

TEST(CreateActor, AFullNodeQueuesIt) {
  Service service;
  service.join(2, 2);
  service.say({2, 0}, wire::NodeLoad{cpus(0)});
  wire::ActorSpec spec;
  spec.constructor.resources = cpus(2);
  const ActorId actor = service.create(1, spec);
  EXPECT_EQ(service.only<wire::StartActor>({2, 0}).actor, actor);
}

TEST(CreateActor, GoesWhereThereIsRoom) {
  Service service;
  service.join(2, 2);
  service.join(3, 2);
  service.say({2, 0}, wire::NodeLoad{cpus(1)});
  wire::ActorSpec spec;
  spec.constructor.resources = cpus(2);
  service.create(1, spec);
  service.only<wire::StartActor>({3, 0});
}

TEST(CreateActor, WhatANodeWasAskedForAndHasNotAnsweredIsTaken) {
  Service service;
  service.join(2, 2);
  service.join(3, 2);
  wire::ActorSpec spec;
  spec.constructor.resources = cpus(2);
  const ActorId one = service.create(1, spec);
  const std::uint32_t first = service.life(one).node;
  const ActorId two = service.create(2, spec);
  EXPECT_NE(service.life(two).node, first);
  service.say(k_driver, wire::KillActor{one, false, "not needed"});
  const ActorId three = service.create(3, spec);
  EXPECT_EQ(service.life(three).node, first) << "the kill gave it back";
}

TEST(CreateActor, SpreadCountsThoseOfTheSameConstructor) {
  Service service;
  for (const std::uint32_t node : {2U, 3U, 4U}) service.join(node, 64);
  wire::ActorSpec spec;
  spec.constructor.function = {1, 100};
  spec.constructor.strategy.kind = wire::StrategyKind::spread;
  for (std::uint64_t n = 1; n <= 6; ++n) service.start(service.create(n, spec), static_cast<std::uint32_t>(n));
  for (const std::uint32_t node : {2U, 3U, 4U}) EXPECT_EQ(service.core().truth().actors().on_node(node).size(), 2U);
}

TEST(CreateActor, AffinityToANodeThatIsNotThereIsInfeasible) {
  Service service;
  service.join(2);
  wire::ActorSpec spec;
  spec.constructor.strategy = {wire::StrategyKind::affinity, 9, false};
  EXPECT_EQ(service.death(service.create(1, spec)), ErrorCode::infeasible);
  spec.constructor.strategy.soft = true;
  EXPECT_EQ(service.stage(service.create(2, spec)), Stage::starting);
}

TEST(CreateActor, ANameIsReservedAtOnce) {
  Service service;
  const ActorId actor = service.create(1, named("ps"));
  const auto answer = service.only<wire::ActorNamed>(k_driver);
  EXPECT_EQ(answer.asked, actor);
  EXPECT_EQ(answer.actor, actor);
  EXPECT_EQ(service.core().truth().names().find("ps"), actor) << "though no node is there yet";
}

TEST(CreateActor, ATakenNameIsTheEndAndNamesTheHolder) {
  Service service;
  service.join(2);
  const ActorId first = service.create(1, named("ps"));
  const ActorId second = service.create(1, named("ps"), {2, 4});
  const auto answer = service.only<wire::ActorNamed>({2, 4});
  EXPECT_EQ(answer.asked, second);
  EXPECT_EQ(answer.actor, first);
  EXPECT_TRUE(service.all<wire::StartActor>().empty());
  EXPECT_EQ(service.death(second), ErrorCode::already_exists);
  EXPECT_NE(service.life(second).death->text.find(to_string(first)), std::string::npos);
  EXPECT_EQ(service.core().truth().names().find("ps"), first) << "the death of the second did not free it";
}

TEST(CreateActor, GetIfExistsGivesTheHolder) {
  Service service;
  service.join(2);
  wire::ActorSpec spec = named("ps");
  spec.get_if_exists = true;
  const ActorId first = service.create(1, spec);
  EXPECT_EQ(service.only<wire::ActorNamed>(k_driver).actor, first);
  const ActorId second = service.create(2, spec);
  EXPECT_EQ(service.only<wire::ActorNamed>(k_driver).actor, first);
  EXPECT_TRUE(service.all<wire::StartActor>().empty()) << to_string(second) << " is not made";
  EXPECT_EQ(service.core().holdings().actors, 1U);
  service.watch(second, {2, 5});
  EXPECT_EQ(service.only<wire::ActorNews>({2, 5}).instead, first) << "whoever has a handle on it learns it too";
}

TEST(CreateActor, TheNameOfADeadActorIsFree) {
  Service service;
  service.join(2);
  const ActorId first = service.create(1, named("ps"));
  service.say(k_driver, wire::KillActor{first, false, "enough"});
  const ActorId second = service.create(2, named("ps"));
  EXPECT_EQ(service.only<wire::ActorNamed>(k_driver).actor, second);
  EXPECT_EQ(service.stage(second), Stage::starting);
}

TEST(CreateActor, ARepeatedOneChangesNothing) {
  Service service;
  service.join(2);
  const ActorId actor = service.create(1, named("ps"));
  service.create(1, named("ps"));
  EXPECT_TRUE(service.sent().empty());
  service.say(k_driver, wire::KillActor{actor, false, "enough"});
  service.create(1, named("ps"));
  EXPECT_TRUE(service.sent().empty());
  EXPECT_EQ(service.stage(actor), Stage::dead);
}

TEST(CreateActor, NobodyCreatesForAnother) {
  Service service;
  service.join(2);
  service.say({2, 9}, wire::CreateActor{{k_driver, 1}, std::make_shared<const wire::ActorSpec>()});
  EXPECT_TRUE(service.sent().empty());
  EXPECT_FALSE(service.knows({k_driver, 1}));
}

TEST(CreateActor, AWrongDescriptionIsTheEnd) {
  Service service;
  service.join(2);
  wire::ActorSpec restarts, retries, threads, resources;
  restarts.restarts = -2;
  retries.call_retries = -2;
  threads.threads = 0;
  resources.constructor.resources.cpu = -1;
  std::uint64_t n = 0;
  for (const wire::ActorSpec& spec : {restarts, retries, threads, resources}) {
    EXPECT_EQ(service.death(service.create(++n, spec)), ErrorCode::invalid_argument) << n;
    EXPECT_TRUE(service.all<wire::StartActor>().empty());
  }
}

TEST(CreateActor, CustomResourcesArePutInOrder) {
  Service service;
  wire::RegisterNode node;
  node.node = 2;
  node.total.custom = {{"b", wire::k_one}, {"a", wire::k_one}};
  service.say({2, 0}, node);
  wire::ActorSpec spec;
  spec.constructor.resources.custom = {{"b", wire::k_one}, {"c", 0}, {"a", wire::k_one}};
  service.create(1, spec);
  const std::vector<wire::CustomAmount> ordered = {{"a", wire::k_one}, {"b", wire::k_one}};
  EXPECT_EQ(service.only<wire::StartActor>({2, 0}).spec->constructor.resources.custom, ordered);
}

TEST(CreateActor, ADeadActorKeepsNoArguments) {
  Service service;
  service.join(2);
  const ActorId actor = service.create(1, named("ps"));
  service.say(k_driver, wire::KillActor{actor, false, "enough"});
  EXPECT_EQ(service.core().truth().actors().find(actor)->spec, nullptr);
}

}  // namespace
}  // namespace shoal::control
