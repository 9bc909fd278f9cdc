#include <gtest/gtest.h>
#include <shoal/shoal.h>

#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "api/testing/sessions.h"

namespace shoal {
namespace {

using testing::shared;
using std::chrono_literals::operator""s;

class Actors : public testing::SessionTest {};
SHOAL_TEST_IN_SESSIONS(Actors);

class Counter {
 public:
  Counter() { ++shared().count; }
  explicit Counter(int value) : value_(value) { ++shared().count; }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;
  virtual ~Counter() { --shared().count; }

  int add(int n) { return value_ += n; }
  int value() const { return value_; }
  virtual std::string name() const { return "counter"; }
  int fail() { throw std::out_of_range("counted too far"); }
  void leave() { exit_actor(); }
  std::vector<Ref<int>> shares() const { return {put(value_), put(value_ + 1)}; }

 private:
  int value_ = 0;
};

class LoudCounter : public Counter {
 public:
  using Counter::Counter;
  std::string name() const override { return "COUNTER"; }
};

/// Ends when the object is gone: its destruction runs on a thread of its own.
void expect_no_counters() {
  while (shared().count.load() > 0) std::this_thread::yield();
}

TEST_P(Actors, KeepTheirState) {
  const Actor<Counter> counter = spawn<Counter>(10);
  for (int i = 1; i <= 100; ++i) counter.call(&Counter::add, 1);
  EXPECT_EQ(get(counter.call(&Counter::value)), 110);
}

TEST_P(Actors, CallsStartInTheirOrder) {
  const Actor<Counter> counter = spawn<Counter>();
  std::vector<Ref<int>> values;
  for (int i = 0; i < 1000; ++i) values.push_back(counter.call(&Counter::add, 1));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(get(values[static_cast<std::size_t>(i)]), i + 1);
}

TEST_P(Actors, TakeReferencesAsValues) {
  const Actor<Counter> counter = spawn<Counter>(submit([] { return 5; }));
  EXPECT_EQ(get(counter.call(&Counter::add, submit([] { return 2; }))), 7);
}

TEST_P(Actors, GiveReferences) {
  const Actor<Counter> counter = spawn<Counter>(3);
  const std::vector<Ref<int>> shares = get(counter.call(&Counter::shares));
  EXPECT_EQ(get(shares[0]) + get(shares[1]), 7);
}

TEST_P(Actors, CallVirtualFunctions) {
  const Actor<LoudCounter> counter = spawn<LoudCounter>(1);
  EXPECT_EQ(get(counter.call(&LoudCounter::name)), "COUNTER");
  EXPECT_EQ(get(counter.call(&Counter::name)), "COUNTER");
  EXPECT_EQ(get(counter.call(&Counter::add, 1)), 2);
}

TEST_P(Actors, ArePassedToTasksAndOtherActors) {
  const Actor<Counter> counter = spawn<Counter>();
  std::vector<Ref<void>> done;
  for (int i = 0; i < 8; ++i) {
    done.push_back(submit(
        [](Actor<Counter> shared, int times) {
          for (int n = 0; n < times; ++n) get(shared.call(&Counter::add, 1));
        },
        counter, 10));
  }
  get(done);
  EXPECT_EQ(get(counter.call(&Counter::value)), 80);
}

TEST_P(Actors, EndWithTheirLastHandle) {
  {
    const Actor<Counter> counter = spawn<Counter>();
    EXPECT_EQ(get(counter.call(&Counter::add, 1)), 1);
    EXPECT_EQ(shared().count, 1);
  }
  expect_no_counters();
}

TEST_P(Actors, WhatACallThrowsIsThrownByGet) {
  const Actor<Counter> counter = spawn<Counter>();
  EXPECT_THROW(get(counter.call(&Counter::fail)), std::out_of_range);
  EXPECT_EQ(get(counter.call(&Counter::add, 2)), 2);
  try {
    get(counter.call(&Counter::fail));
  } catch (const RemoteError& error) { EXPECT_NE(error.task().find("Counter::"), std::string::npos) << error.task(); }
}

class Selfish {
 public:
  Context look_around() const { return context(); }
  int value() const { return 7; }
  int through(Actor<Selfish> self) const { return get(self.call(&Selfish::value)); }
};

TEST_P(Actors, KnowWhereTheyAre) {
  EXPECT_FALSE(context().actor.has_value());
  EXPECT_FALSE(context().host.empty());
  const Actor<Selfish> one = spawn<Selfish>(), other = spawn<Selfish>();
  const Context here = get(one.call(&Selfish::look_around)), there = get(other.call(&Selfish::look_around));
  EXPECT_TRUE(here.actor.has_value());
  EXPECT_EQ(here.actor, get(one.call(&Selfish::look_around)).actor);
  EXPECT_NE(here.actor, there.actor);
  EXPECT_EQ(here.host, nodes()[0].host);
  EXPECT_FALSE(get(submit([] { return context().actor.has_value(); })));
}

TEST_P(Actors, ThatWaitForACallOfThemselvesAreTold) {
  const Actor<Selfish> alone = spawn<Selfish>();
  try {
    get(alone.call(&Selfish::through, alone));
    FAIL() << "nothing was thrown";
  } catch (const RemoteError& error) { EXPECT_NE(error.type().find("InvalidArgument"), std::string::npos); }
  EXPECT_EQ(get(alone.call(&Selfish::value)), 7);
  const Actor<Selfish> two = spawn<Selfish>({.threads = 2});
  EXPECT_EQ(get(two.call(&Selfish::through, two)), 7);
}

class Fragile {
 public:
  Fragile() { throw std::runtime_error("made of glass"); }
  int touch() { return 1; }
};

TEST_P(Actors, WhatTheConstructorThrowsIsTheCauseOfTheirDeath) {
  const Actor<Fragile> fragile = spawn<Fragile>();
  try {
    get(fragile.call(&Fragile::touch));
    FAIL();
  } catch (const ActorDied& error) {
    EXPECT_NE(std::string(error.what()).find("made of glass"), std::string::npos) << error.what();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("made of glass"), std::string::npos) << error.what();
  }
}

TEST_P(Actors, AreFoundByName) {
  try {
    find<Counter>("nobody");
    FAIL() << "nothing was thrown";
  } catch (const NotFound& error) {
    EXPECT_NE(std::string(error.what()).find("nobody"), std::string::npos) << error.what();
  }
  const Actor<Counter> counter = spawn<Counter>({.name = "shared"}, 1);
  EXPECT_EQ(get(find<Counter>("shared").call(&Counter::add, 1)), 2);
  EXPECT_EQ(get(submit([] { return get(find<Counter>("shared").call(&Counter::add, 1)); })), 3);
  const Actor<Counter> same = spawn<Counter>({.name = "shared", .get_if_exists = true}, 100);
  EXPECT_EQ(get(same.call(&Counter::value)), 3);
  EXPECT_THROW(get(spawn<Counter>({.name = "shared"}, 100).call(&Counter::value)), Error);
}

TEST_P(Actors, DetachedOnesLiveUntilTheyAreKilled) {
  spawn<Counter>({.name = "detached", .detached = true}, 5);
  EXPECT_EQ(get(find<Counter>("detached").call(&Counter::add, 1)), 6);
  EXPECT_EQ(get(find<Counter>("detached").call(&Counter::add, 1)), 7);
  kill(find<Counter>("detached"));
  expect_no_counters();
  EXPECT_THROW(find<Counter>("detached"), NotFound);
}

TEST_P(Actors, KilledOnesFailTheirCalls) {
  const Actor<Counter> counter = spawn<Counter>();
  EXPECT_EQ(get(counter.call(&Counter::add, 1)), 1);
  kill(counter);
  // With a daemon a call may overtake the kill, which goes by way of the control service.
  EXPECT_THROW(for (;;) get(counter.call(&Counter::add, 1)), ActorDied);
}

TEST_P(Actors, RestartedOnesBeginAnew) {
  const Actor<Counter> counter = spawn<Counter>({.max_restarts = 1, .max_call_retries = -1}, 10);
  EXPECT_EQ(get(counter.call(&Counter::add, 5)), 15);
  // With a daemon a call may overtake the kill, which goes by way of the control service.
  kill(counter, {.restart = true});
  int value = 0;
  do { value = get(counter.call(&Counter::add, 1)); } while (value > 15);
  EXPECT_EQ(value, 11);
  kill(counter, {.restart = true});
  EXPECT_THROW(for (;;) get(counter.call(&Counter::add, 1)), ActorDied);
}

TEST_P(Actors, LeaveByThemselves) {
  const Actor<Counter> counter = spawn<Counter>();
  get(counter.call(&Counter::leave));
  EXPECT_THROW(get(counter.call(&Counter::value)), ActorDied);
  expect_no_counters();
  EXPECT_THROW(exit_actor(), InvalidArgument);
}

class Meeting {
 public:
  explicit Meeting(int people) : latch_(people) {}
  int join() {
    latch_.arrive_and_wait();
    return 1;
  }

 private:
  std::latch latch_;
};

TEST_P(Actors, ThreadedOnesRunCallsAtOnce) {
  const Actor<Meeting> meeting = spawn<Meeting>({.threads = 3}, 3);
  std::vector<Ref<int>> all;
  for (int i = 0; i < 3; ++i) all.push_back(meeting.call(&Meeting::join));
  EXPECT_EQ(get(all), std::vector<int>(3, 1));
}

class Server {
 public:
  explicit Server(std::size_t size) : weights_(size) {}
  void apply(const std::vector<double>& gradient) {
    for (std::size_t i = 0; i < weights_.size(); ++i) weights_[i] += gradient[i];
  }
  std::vector<double> weights() const { return weights_; }

 private:
  std::vector<double> weights_;
};

TEST_P(Actors, AParameterServer) {
  const Actor<Server> server = spawn<Server>(4);
  const auto work = [](Actor<Server> to, int steps) {
    for (int i = 0; i < steps; ++i) {
      const std::vector<double> weights = get(to.call(&Server::weights));
      get(to.call(&Server::apply, std::vector<double>(weights.size(), 1.0)));
    }
  };
  std::vector<Ref<void>> workers;
  for (int i = 0; i < 3; ++i) workers.push_back(submit(work, server, 10));
  get(workers);
  EXPECT_EQ(get(server.call(&Server::weights)), std::vector<double>(4, 30.0));
}

TEST_P(Actors, RefuseOptionsThatMeanNothing) {
  EXPECT_THROW(spawn<Counter>({.max_restarts = -2}), InvalidArgument);
  EXPECT_THROW(spawn<Counter>({.threads = 0}), InvalidArgument);
  EXPECT_THROW(spawn<Counter>({.get_if_exists = true}), InvalidArgument);
  EXPECT_THROW(spawn<Counter>({.num_cpus = -1}), InvalidArgument);
  EXPECT_THROW(Actor<Counter>().call(&Counter::value), InvalidArgument);
}

TEST_P(Actors, HoldWhatTheyAskedFor) {
  const Actor<Counter> counter = spawn<Counter>({.num_gpus = 2});
  EXPECT_EQ(get(counter.call(&Counter::value)), 0);
  const Ref<int> waits = submit({.num_gpus = 1}, [] { return 1; });
  EXPECT_EQ(wait(std::vector{waits}, {.timeout = std::chrono::milliseconds(20)}).ready.size(), 0);
  kill(counter);
  EXPECT_EQ(get(waits), 1);
}

}  // namespace
}  // namespace shoal
