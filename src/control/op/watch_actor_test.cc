#include <gtest/gtest.h>

#include "control/testing/service.h"

namespace shoal::control {
namespace {

constexpr ProcessId k_one{2, 11};
constexpr ProcessId k_two{2, 12};
using enum wire::ActorPhase;

TEST(WatchActor, TellsNowAndAfterEachChange) {
  Service service;
  wire::ActorSpec spec;
  spec.restarts = 1;
  spec.call_retries = 7;
  const ActorId actor = service.create(1, spec);
  service.watch(actor, k_one);
  wire::ActorNews news = service.only<wire::ActorNews>(k_one);
  EXPECT_EQ(news.phase, placing);
  EXPECT_EQ(news.incarnation, 1U);
  EXPECT_EQ(news.call_retries, 7);

  service.join(2);
  EXPECT_EQ(service.only<wire::ActorNews>(k_one).phase, starting);
  service.say({2, 0}, wire::ActorPlaced{actor, 1, {2, 4}});
  EXPECT_TRUE(service.sent().empty()) << "no news yet";
  service.say({2, 4}, wire::ActorStarted{actor, 1});
  news = service.only<wire::ActorNews>(k_one);
  EXPECT_EQ(news.phase, alive);
  EXPECT_EQ(news.process, (ProcessId{2, 4}));

  service.say({2, 0}, wire::ActorLost{actor, 1, "crash"});
  news = service.only<wire::ActorNews>(k_one);
  EXPECT_EQ(news.phase, restarting);
  EXPECT_EQ(news.incarnation, 2U);
  service.start(actor, 5);
  EXPECT_EQ(service.only<wire::ActorNews>(k_one).incarnation, 2U);
  service.say({2, 0}, wire::ActorLost{actor, 2, "crash"});
  news = service.only<wire::ActorNews>(k_one);
  EXPECT_EQ(news.phase, dead);
  EXPECT_EQ(news.failure->code, ErrorCode::actor_died);
}

TEST(WatchActor, WatchersHearInOrder) {
  Service service;
  const ActorId actor = service.create(1);
  for (const ProcessId watcher : {k_two, k_one, ProcessId{1, 90}}) service.watch(actor, watcher);
  service.join(2);
  const auto news = service.all<wire::ActorNews>();
  ASSERT_EQ(news.size(), 3U);
  EXPECT_EQ(news[0].first, (ProcessId{1, 90}));
  EXPECT_EQ(news[1].first, k_one);
  EXPECT_EQ(news[2].first, k_two);
}

TEST(WatchActor, OneInputIsOnePieceOfNews) {
  Service service;
  service.join(2);
  wire::ActorSpec spec;
  spec.restarts = 5;
  spec.constructor.strategy = {wire::StrategyKind::affinity, 2, false};
  const ActorId actor = service.create(1, spec);
  service.join(3);
  service.watch(actor, k_driver);
  service.die({2, 0});
  EXPECT_EQ(service.only<wire::ActorNews>(k_driver).phase, dead) << "it was restarting for no time";
}

TEST(WatchActor, AgainTellsAgain) {
  Service service;
  const ActorId actor = service.create(1);
  service.watch(actor, k_one);
  service.watch(actor, k_one);
  EXPECT_EQ(service.only<wire::ActorNews>(k_one).phase, placing);
  service.join(2);
  service.only<wire::ActorNews>(k_one);
}

TEST(UnwatchActor, EndsTheNews) {
  Service service;
  const ActorId actor = service.create(1);
  service.watch(actor, k_one);
  service.watch(actor, k_two);
  service.say(k_one, wire::UnwatchActor{actor});
  service.say({2, 99}, wire::UnwatchActor{actor});
  service.join(2);
  EXPECT_EQ(service.only<wire::ActorNews>(k_two).phase, starting);
}

// An actor is forgotten when it is dead, nobody watches it, and enough others died after it.
TEST(UnwatchActor, TheDeadAreForgottenInTheirTurn) {
  Service service({.dead_actors_max = 2});
  std::vector<ActorId> actors;
  for (std::uint64_t n = 1; n <= 4; ++n) actors.push_back(service.create(n));
  service.watch(actors[0], k_one);
  for (const ActorId& actor : actors) service.say(k_driver, wire::KillActor{actor, false, "enough"});
  EXPECT_TRUE(service.knows(actors[0])) << "watched";
  EXPECT_FALSE(service.knows(actors[1])) << "the oldest of three";
  EXPECT_TRUE(service.knows(actors[2]));
  EXPECT_TRUE(service.knows(actors[3]));
  service.watch(actors[2], k_one);
  service.say(k_one, wire::UnwatchActor{actors[0]});
  EXPECT_TRUE(service.knows(actors[0]));
  EXPECT_TRUE(service.knows(actors[3]));
  service.die(k_one);
  EXPECT_TRUE(service.knows(actors[2])) << "nobody watches it since just now";
  EXPECT_TRUE(service.knows(actors[0]));
  EXPECT_FALSE(service.knows(actors[3])) << "nobody has watched it for the longest time";
}

TEST(WatchActor, WhatIsLongGoneIsDead) {
  Service service({.dead_actors_max = 0});
  const ActorId actor = service.create(5);
  service.say(k_driver, wire::KillActor{actor, false, "enough"});
  EXPECT_FALSE(service.knows(actor));
  for (const std::uint64_t n : {1U, 5U}) {
    service.watch({k_driver, n}, k_one);
    const auto news = service.only<wire::ActorNews>(k_one);
    EXPECT_EQ(news.actor, (ActorId{k_driver, n}));
    EXPECT_EQ(news.phase, dead);
    EXPECT_EQ(news.failure->code, ErrorCode::actor_died);
  }
  EXPECT_EQ(service.core().holdings(), Core::Holdings{}) << "nor is it watched";
}

// A handle may overtake the CreateActor of its actor.
TEST(WatchActor, WaitsForAnActorThatIsYetToCome) {
  Service service;
  service.join(2);
  service.watch({k_driver, 1}, k_one);
  EXPECT_TRUE(service.sent().empty());
  service.create(1);
  EXPECT_EQ(service.only<wire::ActorNews>(k_one).phase, starting);
  EXPECT_EQ(service.core().next_time(), std::nullopt) << "the wait is over";
}

TEST(WatchActor, WaitsNoLongerThanAMessageTakes) {
  Service service;
  const Time start = 1'000'000;
  service.time(start);
  service.watch({k_driver, 1}, k_one);
  ASSERT_TRUE(service.core().next_time().has_value());
  EXPECT_LE(*service.core().next_time(), start) << "the wait begins with the next time that is heard";
  const Time later = start + 3 * k_overtaken_wait_ns;
  service.time(later);
  EXPECT_TRUE(service.sent().empty());
  EXPECT_EQ(service.core().next_time(), later + k_overtaken_wait_ns);
  service.time(later + k_overtaken_wait_ns - 1);
  EXPECT_TRUE(service.sent().empty());
  service.time(later + k_overtaken_wait_ns);
  EXPECT_EQ(service.only<wire::ActorNews>(k_one).phase, dead);
  EXPECT_EQ(service.core().next_time(), std::nullopt);
  EXPECT_EQ(service.core().holdings(), Core::Holdings{});
}

TEST(WatchActor, OfACreatorThatDiedNoneIsYetToCome) {
  Service service({.dead_actors_max = 0});
  service.create(1);
  service.die(k_driver);
  for (const std::uint64_t n : {1U, 2U}) {
    service.watch({k_driver, n}, k_one);
    EXPECT_EQ(service.only<wire::ActorNews>(k_one).phase, dead);
  }
  EXPECT_EQ(service.core().holdings(), Core::Holdings{});
}

TEST(WatchActor, TheCreatorsThatDiedFirstAreForgotten) {
  Core core;
  const auto spec = std::make_shared<const wire::ActorSpec>();
  for (std::uint32_t n = 1; n <= k_gone_creators_max + 1; ++n) {
    core.on_message({1, n}, wire::CreateActor{{{1, n}, 1}, spec});
    core.on_process_died({1, n}, "done");
  }
  EXPECT_EQ(core.truth().actors().gone_creators().size(), k_gone_creators_max);
  EXPECT_EQ(core.truth().actors().gone_creators().front(), (ProcessId{1, 2}));
  core.on_message(k_one, wire::WatchActor{{{1, 1}, 1}});
  EXPECT_EQ(core.holdings().awaited, 1U) << "for all that is known it is yet to come";
}

TEST(WatchActor, TooManyThatAreYetToComeAreTakenForGone) {
  Core core;
  for (std::uint64_t n = 1; n <= k_overtaken_max; ++n) core.on_message(k_one, wire::WatchActor{{k_driver, n}});
  std::vector<wire::Envelope> sent;
  core.take_messages(sent);
  EXPECT_TRUE(sent.empty());
  core.on_message(k_one, wire::WatchActor{{k_driver, k_overtaken_max + 1}});
  core.take_messages(sent);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(std::get<wire::ActorNews>(sent[0].message).phase, dead);
  core.on_time(0);
  core.on_time(k_overtaken_wait_ns);
  core.take_messages(sent);
  EXPECT_EQ(sent.size(), k_overtaken_max);
  EXPECT_EQ(core.holdings(), Core::Holdings{});
}

TEST(WatchActor, WaitsNotForACreatorThatDied) {
  Service service;
  service.watch({k_driver, 1}, k_one);
  service.watch({{1, 2}, 1}, k_one);
  service.die(k_driver);
  EXPECT_EQ(service.only<wire::ActorNews>(k_one).actor, (ActorId{k_driver, 1}));
  EXPECT_EQ(service.core().holdings().awaited, 1U);
  service.say(k_one, wire::UnwatchActor{{{1, 2}, 1}});
  EXPECT_EQ(service.core().holdings(), Core::Holdings{});
}

}  // namespace
}  // namespace shoal::control
