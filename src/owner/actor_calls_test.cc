#include "owner/actor_calls.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/random.h"

namespace shoal::owner {
namespace {

const ActorId k_actor{{1, 1}, 9};
constexpr ProcessId k_first{2, 4};
constexpr ProcessId k_second{2, 5};
using enum wire::ActorPhase;

wire::ActorNews news(wire::ActorPhase phase, std::uint32_t incarnation = 1, ProcessId process = {}) {
  wire::ActorNews made;
  made.actor = k_actor;
  made.phase = phase;
  made.incarnation = incarnation;
  made.process = process;
  if (phase == dead) {
    auto failure = std::make_shared<wire::Failure>();
    failure->code = ErrorCode::infeasible;  // whatever the service said
    made.failure = std::move(failure);
  }
  return made;
}

/// A caller whose calls are ready at once, and what came out: "send 1.0 to n2.4#1", "fail 1 actor_died".
struct ActorCallsTest : ::testing::Test {
  void call(ActorCalls::Call first, ActorCalls::Call last) {
    for (ActorCalls::Call n = first; n <= last; ++n) {
      calls.add(n);
      calls.ready(n);
    }
  }
  void tell(wire::ActorNews what) {
    what.call_retries = retries;
    what.threads = threads;
    calls.on_news(what);
  }
  using Texts = std::vector<std::string>;
  Texts actions() {
    std::vector<ActorCalls::Action> taken;
    calls.take_actions(taken);
    Texts texts;
    for (const ActorCalls::Action& action : taken) {
      if (const auto* send = std::get_if<ActorCalls::Send>(&action)) {
        texts.push_back("send " + std::to_string(send->call) + "." + std::to_string(send->attempt) + " to " +
                        to_string(send->process) + "#" + std::to_string(send->incarnation));
      } else {
        const auto& fail = std::get<ActorCalls::Fail>(action);
        texts.push_back("fail " + std::to_string(fail.call) + " " + std::string(to_string(fail.failure->code)));
      }
    }
    return texts;
  }

  ActorCalls calls{k_actor};
  std::int32_t retries = 0;
  std::uint32_t threads = 1;
};

TEST_F(ActorCallsTest, CallsWaitUntilTheActorLives) {
  call(1, 2);
  EXPECT_EQ(actions(), Texts{});
  for (const auto phase : {placing, starting}) tell(news(phase));
  EXPECT_EQ(actions(), Texts{});
  tell(news(alive, 1, k_first));
  EXPECT_EQ(actions(), (Texts{"send 1.0 to n2.4#1", "send 2.0 to n2.4#1"}));
  call(3, 3);
  EXPECT_EQ(actions(), Texts{"send 3.0 to n2.4#1"});
  EXPECT_EQ(calls.size(), 3U);
  EXPECT_EQ(calls.sent(), 3U);
}

TEST_F(ActorCallsTest, NothingIsSentToAProcessThatIsGoneAlready) {
  call(1, 1);
  calls.on_news(news(alive, 1, k_first), true);
  EXPECT_EQ(actions(), Texts{});
  tell(news(alive, 2, k_second));
  EXPECT_EQ(actions(), Texts{"send 1.0 to n2.5#2"});
}

TEST_F(ActorCallsTest, WhoeverIsNotReadyHoldsUpThoseBehind) {
  tell(news(alive, 1, k_first));
  for (const ActorCalls::Call n : {10U, 20U, 30U}) calls.add(n);
  calls.ready(30);
  calls.ready(20);
  EXPECT_EQ(actions(), Texts{});
  calls.ready(10);
  EXPECT_EQ(actions(), (Texts{"send 10.0 to n2.4#1", "send 20.0 to n2.4#1", "send 30.0 to n2.4#1"}));
}

TEST_F(ActorCallsTest, AnAnswerEndsACall) {
  tell(news(alive, 1, k_first));
  call(1, 2);
  EXPECT_TRUE(calls.answered(2, 0)) << "an actor with threads may answer in another order";
  EXPECT_TRUE(calls.answered(1, 0));
  EXPECT_FALSE(calls.answered(1, 0));
  EXPECT_FALSE(calls.answered(7, 0));
  EXPECT_EQ(calls.size(), 0U);
  EXPECT_EQ(calls.sent(), 0U);
}

TEST_F(ActorCallsTest, WhatWasNotSentMayBeWithdrawn) {
  calls.add(1);
  call(2, 3);
  tell(news(alive, 1, k_first));
  EXPECT_TRUE(calls.withdraw(3));
  EXPECT_EQ(actions(), Texts{});
  EXPECT_TRUE(calls.withdraw(1));
  EXPECT_EQ(actions(), Texts{"send 2.0 to n2.4#1"}) << "it waited for the first only";
  EXPECT_FALSE(calls.withdraw(2));
  EXPECT_FALSE(calls.withdraw(1));
  calls.ready(1);
  EXPECT_EQ(calls.size(), 1U);
}

TEST_F(ActorCallsTest, AHoleInTheQueueChangesNothing) {
  call(1, 5);
  EXPECT_TRUE(calls.withdraw(2));
  EXPECT_TRUE(calls.withdraw(5));
  EXPECT_FALSE(calls.withdraw(2));
  EXPECT_EQ(calls.size(), 3U);
  tell(news(alive, 1, k_first));
  EXPECT_EQ(actions(), (Texts{"send 1.0 to n2.4#1", "send 3.0 to n2.4#1", "send 4.0 to n2.4#1"}));
  EXPECT_TRUE(calls.answered(3, 0));
  EXPECT_FALSE(calls.answered(2, 0));
  calls.on_process_died(k_first, "crash");
  EXPECT_EQ(actions(), Texts{"fail 1 actor_died"});
  call(6, 6);
  tell(news(alive, 2, k_second));
  EXPECT_EQ(actions(), (Texts{"send 4.1 to n2.5#2", "send 6.0 to n2.5#2"}));
  EXPECT_TRUE(calls.answered(6, 0));
  EXPECT_TRUE(calls.answered(4, 1));
  EXPECT_EQ(calls.size(), 0U);
  EXPECT_EQ(calls.sent(), 0U);
}

TEST_F(ActorCallsTest, WhatMayHaveStartedFailsAndTheRestGoesOn) {
  tell(news(alive, 1, k_first));
  call(1, 4);
  EXPECT_TRUE(calls.answered(1, 0));
  actions();
  calls.on_process_died(k_first, "crash");
  EXPECT_EQ(actions(), Texts{"fail 2 actor_died"});
  call(5, 5);
  tell(news(restarting, 2));
  EXPECT_EQ(actions(), Texts{});
  tell(news(alive, 2, k_second));
  EXPECT_EQ(actions(), (Texts{"send 3.1 to n2.5#2", "send 4.1 to n2.5#2", "send 5.0 to n2.5#2"}));
  EXPECT_FALSE(calls.answered(3, 0)) << "an answer to the first attempt";
  EXPECT_TRUE(calls.answered(3, 1));
}

TEST_F(ActorCallsTest, AsManyMayHaveStartedAsThereAreThreads) {
  threads = 3;
  tell(news(alive, 1, k_first));
  call(1, 5);
  EXPECT_TRUE(calls.answered(2, 0));
  actions();
  calls.on_process_died(k_first, "crash");
  EXPECT_EQ(actions(), (Texts{"fail 1 actor_died", "fail 3 actor_died", "fail 4 actor_died"}));
  EXPECT_EQ(calls.size(), 1U);
}

TEST_F(ActorCallsTest, RetriesAreUsedOnePerLoss) {
  retries = 2;
  std::uint32_t incarnation = 0;
  call(1, 2);
  for (const ProcessId process : {ProcessId{2, 11}, ProcessId{2, 12}, ProcessId{2, 13}}) {
    tell(news(alive, ++incarnation, process));
    EXPECT_EQ(actions().size(), 2U);
    EXPECT_EQ(calls.size(), 2U);
    calls.on_process_died(process, "crash");
  }
  EXPECT_EQ(actions(), Texts{"fail 1 actor_died"});
  tell(news(alive, 4, k_second));
  EXPECT_EQ(actions(), Texts{"send 2.3 to n2.5#4"}) << "it was never the first, so it used none";
}

TEST_F(ActorCallsTest, RetriesWithoutEnd) {
  retries = -1;
  call(1, 1);
  for (std::uint32_t incarnation = 1; incarnation <= 50; ++incarnation) {
    const ProcessId process{3, incarnation};
    tell(news(alive, incarnation, process));
    EXPECT_EQ(actions().size(), 1U);
    calls.on_process_died(process, "crash");
    EXPECT_EQ(actions(), Texts{});
  }
}

// News come from the control service, answers from the process: either may be first.
TEST_F(ActorCallsTest, NewsThatOvertakeAnswersLoseNone) {
  tell(news(alive, 1, k_first));
  call(1, 3);
  actions();
  tell(news(restarting, 2));
  tell(news(alive, 2, k_second));
  EXPECT_EQ(actions(), Texts{}) << "the first process may have answered";
  EXPECT_TRUE(calls.answered(1, 0));
  EXPECT_TRUE(calls.answered(2, 0));
  calls.on_process_died(k_first, "crash");
  EXPECT_EQ(actions(), Texts{"fail 3 actor_died"});
  call(4, 4);
  EXPECT_EQ(actions(), Texts{"send 4.0 to n2.5#2"});
}

TEST_F(ActorCallsTest, ADeathBeforeItsNewsHoldsCallsBack) {
  tell(news(alive, 1, k_first));
  calls.on_process_died(k_first, "crash");
  call(1, 1);
  tell(news(alive, 1, k_first));
  EXPECT_EQ(actions(), Texts{}) << "the service did not know yet";
  tell(news(alive, 2, k_second));
  EXPECT_EQ(actions(), Texts{"send 1.0 to n2.5#2"});
}

TEST_F(ActorCallsTest, TheDeathOfAnotherProcessIsNoMatter) {
  tell(news(alive, 1, k_first));
  call(1, 1);
  actions();
  calls.on_process_died(k_second, "crash");
  call(2, 2);
  EXPECT_EQ(actions(), Texts{"send 2.0 to n2.4#1"});
}

TEST_F(ActorCallsTest, OfADeadActorAllCallsFail) {
  call(1, 1);
  calls.add(2);
  tell(news(dead));
  EXPECT_EQ(actions(), (Texts{"fail 1 infeasible", "fail 2 infeasible"}));
  call(3, 3);
  EXPECT_EQ(actions(), Texts{"fail 3 infeasible"});
  tell(news(alive, 2, k_second));
  call(4, 4);
  EXPECT_EQ(actions(), Texts{"fail 4 infeasible"});
  EXPECT_EQ(calls.size(), 0U);
}

TEST_F(ActorCallsTest, OfADeadActorAnswersAreStillTaken) {
  retries = -1;
  tell(news(alive, 1, k_first));
  call(1, 3);
  calls.add(4);
  actions();
  tell(news(dead, 1));
  EXPECT_EQ(actions(), Texts{"fail 4 infeasible"}) << "the others are with its process";
  EXPECT_TRUE(calls.answered(1, 0));
  calls.on_process_died(k_first, "stopped");
  EXPECT_EQ(actions(), (Texts{"fail 2 infeasible", "fail 3 infeasible"})) << "for the reason that the service gave";
  EXPECT_EQ(calls.size(), 0U);
}

TEST_F(ActorCallsTest, OldNewsHaveNoEffect) {
  tell(news(restarting, 3));
  tell(news(alive, 2, k_first));
  call(1, 1);
  EXPECT_EQ(actions(), Texts{});
  tell(news(alive, 3, k_second));
  EXPECT_EQ(actions(), Texts{"send 1.0 to n2.5#3"});
}

/// Inputs in any order, and a process that runs calls in its order and answers late or never.
class AnyOrder {
 public:
  explicit AnyOrder(std::uint64_t seed) : seed_(seed), dice_(seed) {}

  void run() {
    for (int i = 0; i < 200; ++i) {
      step(dice_.between(0, 9));
      take();
    }
    tell(dead);
    calls_.on_process_died(process(), "stopped");
    take();
    EXPECT_EQ(calls_.size(), 0U);
    EXPECT_EQ(ends_.size(), made_) << "each call ends";
    for (const auto& [call, times] : ends_) EXPECT_EQ(times, 1) << "call " << call;
  }

 private:
  void step(std::int64_t what) {
    if (what < 4) {
      calls_.add(++made_);
      if (dice_.chance(70)) calls_.ready(made_);
    } else if (what < 5) {
      calls_.ready(any_call());
    } else if (what < 6) {
      const ActorCalls::Call call = any_call();
      if (calls_.withdraw(call)) ++ends_[call];
    } else if (what < 8 && !with_process_.empty()) {
      const ActorCalls::Send send = with_process_.front();
      with_process_.pop_front();
      EXPECT_TRUE(calls_.answered(send.call, send.attempt));
      EXPECT_FALSE(calls_.answered(send.call, send.attempt));
      ++ends_[send.call];
    } else if (what < 9 && !lives_) {
      lives_ = true;
      tell(alive);
    } else if (lives_ && dice_.chance(30)) {
      lives_ = false;
      with_process_.clear();
      const ProcessId gone = process();
      ++incarnation_;
      if (dice_.chance(50)) tell(restarting);
      calls_.on_process_died(gone, "crash");
    }
  }
  void take() {
    std::vector<ActorCalls::Action> taken;
    calls_.take_actions(taken);
    for (const ActorCalls::Action& action : taken) {
      if (const auto* fail = std::get_if<ActorCalls::Fail>(&action)) {
        ++ends_[fail->call];
        continue;
      }
      const auto& send = std::get<ActorCalls::Send>(action);
      EXPECT_TRUE(lives_);
      EXPECT_EQ(send.process, process());
      EXPECT_TRUE(with_process_.empty() || with_process_.back().call < send.call) << "they start in their order";
      with_process_.push_back(send);
    }
  }
  void tell(wire::ActorPhase phase) {
    wire::ActorNews what = news(phase, incarnation_, phase == alive ? process() : ProcessId{});
    what.call_retries = static_cast<std::int32_t>(seed_ % 3) - 1;
    what.threads = 1 + seed_ % 2;
    calls_.on_news(what);
  }
  ProcessId process() const { return {2, incarnation_}; }
  ActorCalls::Call any_call() {
    return static_cast<ActorCalls::Call>(dice_.between(0, static_cast<std::int64_t>(made_)));
  }

  const std::uint64_t seed_;
  sim::Random dice_;
  ActorCalls calls_{k_actor};
  std::map<ActorCalls::Call, int> ends_;
  std::deque<ActorCalls::Send> with_process_;
  ActorCalls::Call made_ = 0;
  std::uint32_t incarnation_ = 1;
  bool lives_ = false;
};

TEST(ActorCalls, EachEndsOnceAndStartsInItsOrder) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    AnyOrder(seed).run();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace shoal::owner
