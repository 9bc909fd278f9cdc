#include "owner/actors.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "owner/testing/cores.h"

namespace shoal::owner {
namespace {

std::shared_ptr<const wire::TaskTemplate> named_template(const std::string& name, std::int64_t cpu) {
  wire::TaskTemplate what;
  what.name = name;
  what.resources.cpu = cpu;
  return std::make_shared<const wire::TaskTemplate>(what);
}
const auto k_add = named_template("add", 0);
const auto k_task = named_template("task", wire::k_one);

wire::ActorSpec counter(const std::string& name = "", bool get_if_exists = false) {
  wire::ActorSpec spec;
  spec.constructor.name = "Counter";
  spec.constructor.resources.cpu = wire::k_one;
  spec.arguments = number(100);
  spec.name = name;
  spec.get_if_exists = get_if_exists;
  return spec;
}

/// Actors that are counters: each call adds its number, and its result is the sum.
class ActorsTest : public ::testing::Test {
 protected:
  Handle create(Core& core, wire::ActorSpec spec = counter(), std::vector<Object*> resolve = {}) {
    return {core, core.create_actor({std::move(spec), std::move(resolve)})};
  }
  Handle call(Core& core, const Handle& actor, std::int64_t n, std::vector<Object*> resolve = {},
              std::vector<ObjectId> refs = {}) {
    return {core, core.call(*actor.get(), {k_add, number(n, std::move(refs)), std::move(resolve)})};
  }

  /// Runs all that there is. Tasks are what a test says.
  int run(const std::function<void(Core&, Execution)>& task = nullptr) {
    return cores.run_all([&](Core& core, Execution execution) {
      execution.role == Role::task ? task(core, std::move(execution)) : serve(core, std::move(execution));
    });
  }
  void serve(Core& core, Execution execution) {
    std::int64_t& sum = sums[core.self()];
    sum += number_in(execution.arguments);
    for (const Payload& value : execution.resolved) sum += number_in(value);
    if (execution.role == Role::constructor) {
      hosts.push_back(core.self());
      return core.done(std::move(execution), {}, 1000);
    }
    begun.push_back(number_in(execution.arguments));
    core.done(std::move(execution), {number(sum)}, 1000);
  }
  Core& host() { return cores.core(hosts.back()); }
  /// Hosts and constructs, and leaves calls where they are.
  void construct() {
    cores.deliver();
    for (const ProcessId worker : std::vector(cores.workers())) {
      if (!cores.core(worker).hosts_actor() || !cores.core(worker).has_next()) continue;
      serve(cores.core(worker), *cores.core(worker).next());
    }
    cores.deliver();
  }

  Cores cores{4};
  Core& driver = cores.driver();
  std::map<ProcessId, std::int64_t> sums;
  std::vector<ProcessId> hosts;
  std::vector<std::int64_t> begun;
};

TEST_F(ActorsTest, CallsBeginInTheOrderInWhichTheyWereMade) {
  Handle actor = create(driver);
  std::vector<Handle> results;
  for (int i = 1; i <= 5; ++i) results.push_back(call(driver, actor, i));
  EXPECT_EQ(run(), 6);
  EXPECT_EQ(begun, (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(results[4].value(), 115);
  EXPECT_TRUE(actor.is_pending()) << "it lives";
  results.clear();
  actor.drop();
  cores.deliver();
  EXPECT_FALSE(cores.is_alive(hosts[0])) << "nobody can call it any more";
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, ACallWhoseArgumentsAreLateHoldsBackTheLaterOnes) {
  Handle actor = create(driver);
  construct();
  Handle late(driver, driver.submit({k_task, number(7)}));
  Handle first = call(driver, actor, 1, {late.get()});
  Handle second = call(driver, actor, 2);
  cores.deliver();
  EXPECT_FALSE(host().has_next());
  run([](Core& core, Execution execution) { core.done(std::move(execution), {number(7)}, 1000); });
  EXPECT_EQ(begun, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(first.value(), 108);
  EXPECT_EQ(second.value(), 110);
}

TEST_F(ActorsTest, AFailedArgumentFailsItsCallOnly) {
  Handle actor = create(driver);
  Handle late(driver, driver.submit({k_task, number(7)}));
  Handle first = call(driver, actor, 1, {late.get()});
  Handle second = call(driver, actor, 2);
  run([](Core& core, Execution execution) {
    core.failed(std::move(execution), {.code = ErrorCode::user_function, .text = "no"}, 0);
  });
  EXPECT_EQ(first.failure(), ErrorCode::user_function);
  EXPECT_EQ(second.value(), 102);
  for (Handle* each : {&actor, &late, &first, &second}) each->drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, AnActorWaitsForItsArgumentsAndALaterOneDoesNot) {
  Handle late(driver, driver.submit({k_task, number(7)}));
  Handle waits = create(driver, counter(), {late.get()});
  Handle result = call(driver, waits, 1);
  Handle next = create(driver);
  Handle of_next = call(driver, next, 2);
  cores.deliver();
  EXPECT_EQ(cores.count<wire::HostActor>(), 1);
  run([](Core& core, Execution execution) { core.done(std::move(execution), {number(7)}, 1000); });
  EXPECT_EQ(result.value(), 108);
  EXPECT_EQ(of_next.value(), 102);
  for (Handle* each : {&late, &waits, &result, &next, &of_next}) each->drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, AnActorDiesOfAFailedArgument) {
  Handle late(driver, driver.submit({k_task, number(7)}));
  Handle actor = create(driver, counter(), {late.get()});
  Handle result = call(driver, actor, 1);
  run([](Core& core, Execution execution) {
    core.failed(std::move(execution), {.code = ErrorCode::user_function, .text = "no"}, 0);
  });
  EXPECT_EQ(actor.failure(), ErrorCode::actor_died);
  EXPECT_EQ(result.failure(), ErrorCode::actor_died);
  for (Handle* each : {&late, &actor, &result}) each->drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, WhatNobodyWantsAnyMoreIsNeverMade) {
  Handle late(driver, driver.submit({k_task, number(7)}));
  create(driver, counter(), {late.get()}).drop();
  run([](Core& core, Execution execution) { core.done(std::move(execution), {number(7)}, 1000); });
  EXPECT_EQ(cores.count<wire::HostActor>(), 0);
  late.drop();
  cores.expect_nothing_left();
}

// --- References.

TEST_F(ActorsTest, ArgumentsStayForTheNextIncarnation) {
  Handle by_value(driver, driver.put(number(7)));
  Handle by_reference(driver, driver.put(number(9)));
  wire::ActorSpec spec = counter();
  spec.arguments = number(100, {by_reference->id});
  spec.restarts = 1;
  Handle actor = create(driver, spec, {by_value.get()});
  by_value.drop();
  by_reference.drop();
  run();
  EXPECT_EQ(driver.holdings().objects, 3u);
  cores.kill(hosts[0]);
  Handle result = call(driver, actor, 1);
  run();
  EXPECT_EQ(result.value(), 108);
  actor.drop();
  result.drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, WhatAConstructorKeepsOutlivesTheArguments) {
  Handle put(driver, driver.put(number(9)));
  wire::ActorSpec spec = counter();
  spec.arguments = number(100, {put->id});
  Handle actor = create(driver, spec);
  put.drop();
  std::vector<Handle> kept;
  cores.run_all([&](Core& core, Execution execution) {
    kept.emplace_back(core, core.open(execution.arguments.refs()[0], execution));
    serve(core, std::move(execution));
  });
  EXPECT_EQ(cores.count<wire::BorrowAdd>(), 1);
  EXPECT_EQ(cores.count<wire::Retained>(), 0);
  kept[0].forget();
  actor.drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, ResultsMayContainWhatTheActorOwns) {
  Handle actor = create(driver);
  Handle result = call(driver, actor, 1);
  std::optional<Handle> kept;
  cores.run_all([&](Core& core, Execution execution) {
    if (execution.role == Role::constructor) return serve(core, std::move(execution));
    kept.emplace(core, core.put(number(42)));
    core.done(std::move(execution), {number(2, {(*kept)->id})}, 1000);
  });
  ASSERT_EQ(result.value(), 2);
  Handle inner(driver, driver.open(result->value.refs()[0], *result.get()));
  Handle sum = call(driver, actor, 0, {inner.get()});
  run();
  EXPECT_EQ(sum.value(), 142);
  kept->drop();
  for (Handle* each : {&result, &inner, &sum, &actor}) each->drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, WhatACallKeepsIsRetained) {
  Handle actor = create(driver);
  Handle put(driver, driver.put(number(9)));
  Handle result = call(driver, actor, 1, {}, {put->id});
  put.drop();
  std::optional<Handle> kept;
  cores.run_all([&](Core& core, Execution execution) {
    if (execution.role == Role::call) kept.emplace(core, core.open(execution.arguments.refs()[0], execution));
    serve(core, std::move(execution));
  });
  EXPECT_EQ(cores.count<wire::Retained>(), 1);
  kept->drop();
  actor.drop();
  result.drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, AHandleTravelsAndKeepsTheActor) {
  Handle actor = create(driver);
  Handle done(driver, driver.submit({k_task, number(0, {actor->id})}));
  actor.drop();
  std::optional<Handle> result;
  run([&](Core& core, Execution execution) {
    Handle there(core, core.open(execution.arguments.refs()[0], execution));
    result.emplace(call(core, there, 5));
    core.done(std::move(execution), {number(1)}, 1000);
  });
  EXPECT_EQ(result->value(), 105);
  EXPECT_EQ(done.value(), 1);
  cores.deliver();
  EXPECT_FALSE(cores.is_alive(hosts[0])) << "the last call is over, and nobody has a handle";
  result->drop();
  done.drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, OpenCallsKeepTheActor) {
  Handle actor = create(driver);
  Handle result = call(driver, actor, 5);
  actor.drop();
  run();
  EXPECT_EQ(result.value(), 105);
  result.drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, AnActorMayCallItself) {
  Handle actor = create(driver);
  Handle result = call(driver, actor, 1, {}, {actor->id});
  std::optional<Handle> inner;
  cores.run_all([&](Core& core, Execution execution) {
    if (!execution.arguments.refs().empty()) {
      Handle self(core, core.open(execution.arguments.refs()[0], execution));
      inner.emplace(call(core, self, 10));
    }
    serve(core, std::move(execution));
  });
  EXPECT_EQ(result.value(), 101);
  EXPECT_EQ(inner->value(), 111);
  inner->drop();
  actor.drop();
  result.drop();
  cores.expect_nothing_left();
}

// --- Names.

TEST_F(ActorsTest, IsFoundByItsName) {
  Core& other = cores.core(cores.add_driver());
  Handle actor = create(driver, counter("ps"));
  cores.deliver();
  Handle found(other, other.find_actor("ps"));
  Handle nobody(other, other.find_actor("nobody"));
  EXPECT_TRUE(found.is_pending());
  cores.deliver();
  EXPECT_EQ(nobody.failure(), ErrorCode::not_found);
  ASSERT_EQ(found->value.refs().size(), 1u);
  Handle there(other, other.open(found->value.refs()[0], *found.get()));
  EXPECT_EQ(there->id, actor->id);
  found.drop();
  Handle result = call(other, there, 3);
  actor.drop();
  run();
  EXPECT_EQ(result.value(), 103) << "who found it keeps it";
  for (Handle* each : {&nobody, &there, &result}) each->drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, ATakenNameIsAFailure) {
  Handle first = create(driver, counter("ps")), second = create(driver, counter("ps"));
  Handle result = call(driver, second, 1);
  run();
  EXPECT_EQ(second.failure(), ErrorCode::already_exists);
  EXPECT_EQ(result.failure(), ErrorCode::already_exists);
  EXPECT_TRUE(first.is_pending());
  for (Handle* each : {&first, &second, &result}) each->drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, GetIfExistsCallsTheOneThatHasTheName) {
  Core& other = cores.core(cores.add_driver());
  Handle first = create(driver, counter("ps", true));
  run();
  Handle second = create(other, counter("ps", true));
  Handle result = call(other, second, 1);
  // Whoever gets the second handle does not know what it stands for.
  Handle passed(other, other.submit({k_task, number(0, {second->id})}));
  std::optional<Handle> of_task;
  run([&](Core& core, Execution execution) {
    Handle there(core, core.open(execution.arguments.refs()[0], execution));
    of_task.emplace(call(core, there, 10));
    core.done(std::move(execution), {number(1)}, 1000);
  });
  EXPECT_EQ(hosts.size(), 1u);
  EXPECT_EQ(result.value() + of_task->value(), 101 + 111);
  of_task->drop();
  first.drop();
  cores.deliver();
  EXPECT_TRUE(cores.is_alive(hosts[0])) << "the second handle keeps it";
  for (Handle* each : {&second, &result, &passed}) each->drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, AKillBeforeItIsKnownWhoHasTheNameKillsThatOne) {
  Core& other = cores.core(cores.add_driver());
  Handle first = create(driver, counter("ps"));
  run();
  Handle second = create(other, counter("ps", true));
  other.kill_actor(*second.get(), false, "enough");
  cores.deliver();
  EXPECT_EQ(first.failure(), ErrorCode::actor_died);
  EXPECT_EQ(second.failure(), ErrorCode::actor_died);
  first.drop();
  second.drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, ADetachedActorOutlivesItsCreatorAndItsHandles) {
  const ProcessId creator = cores.add_driver();
  wire::ActorSpec spec = counter("ps");
  spec.detached = true;
  Handle actor = create(cores.core(creator), spec);
  run();
  Handle found(driver, driver.find_actor("ps"));
  cores.deliver();
  Handle there(driver, driver.open(found->value.refs()[0], *found.get()));
  actor.drop();
  cores.deliver();
  actor.forget();
  cores.kill(creator);
  Handle result = call(driver, there, 1);
  run();
  EXPECT_EQ(result.value(), 101);
  driver.kill_actor(*there.get(), false, "enough");
  cores.deliver();
  EXPECT_EQ(call(driver, there, 2).failure(), ErrorCode::actor_died);
  for (Handle* each : {&found, &there, &result}) each->drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, TheArgumentsOfADetachedActorStayWhileItLives) {
  Handle put(driver, driver.put(number(9)));
  wire::ActorSpec spec = counter("ps");
  spec.detached = true;
  spec.restarts = 1;
  spec.arguments = number(100, {put->id});
  create(driver, spec).drop();
  put.drop();
  run();
  EXPECT_EQ(driver.holdings().objects, 1u);
  Handle found(driver, driver.find_actor("ps"));
  cores.deliver();
  Handle again(driver, driver.open(found->value.refs()[0], *found.get()));
  found.drop();
  driver.kill_actor(*again.get(), false, "enough");
  cores.deliver();
  EXPECT_EQ(again.failure(), ErrorCode::actor_died);
  again.drop();
  cores.expect_nothing_left();
}

// --- Deaths.

TEST_F(ActorsTest, WhatMayHaveBegunFollowsTheCallRetries) {
  for (const std::int32_t retries : {0, 1}) {
    wire::ActorSpec spec = counter();
    spec.restarts = 1;
    spec.call_retries = retries;
    Handle actor = create(driver, spec);
    construct();
    Handle first = call(driver, actor, 1), second = call(driver, actor, 2);
    cores.deliver();
    ASSERT_TRUE(host().next());
    cores.kill(hosts.back());
    run();
    EXPECT_EQ(first.failure(), retries == 0 ? ErrorCode::actor_died : ErrorCode::ok);
    EXPECT_EQ(second.value(), retries == 0 ? 102 : 103);
    for (Handle* each : {&actor, &first, &second}) each->drop();
    cores.expect_nothing_left();
  }
}

TEST_F(ActorsTest, WithoutARestartTheCallsFailWithTheActor) {
  Handle actor = create(driver);
  construct();
  Handle first = call(driver, actor, 1), second = call(driver, actor, 2);
  cores.deliver();
  cores.kill(hosts[0]);
  EXPECT_EQ(first.failure(), ErrorCode::actor_died);
  EXPECT_EQ(second.failure(), ErrorCode::actor_died);
  EXPECT_EQ(actor.failure(), ErrorCode::actor_died);
  EXPECT_EQ(call(driver, actor, 3).failure(), ErrorCode::actor_died);
  for (Handle* each : {&actor, &first, &second}) each->drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, AKillMayAskForARestart) {
  wire::ActorSpec spec = counter();
  spec.restarts = -1;
  Handle actor = create(driver, spec);
  run();
  driver.kill_actor(*actor.get(), true, "again");
  cores.deliver();
  Handle result = call(driver, actor, 1);
  run();
  EXPECT_EQ(result.value(), 101);
  EXPECT_EQ(hosts.size(), 2u);
  driver.kill_actor(*actor.get(), false, "enough");
  cores.deliver();
  EXPECT_EQ(actor.failure(), ErrorCode::actor_died);
  EXPECT_FALSE(cores.is_alive(hosts[1]));
  actor.drop();
  result.drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, AConstructorThatThrowsIsTheEnd) {
  wire::ActorSpec spec = counter();
  spec.restarts = 3;
  Handle actor = create(driver, spec);
  Handle result = call(driver, actor, 1);
  cores.run_all([](Core& core, Execution execution) {
    ASSERT_EQ(execution.role, Role::constructor);
    core.failed(std::move(execution), {.code = ErrorCode::user_function, .text = "no"}, 0);
  });
  EXPECT_EQ(actor.failure(), ErrorCode::actor_died);
  EXPECT_EQ(result.failure(), ErrorCode::actor_died);
  ASSERT_EQ(result->failure->causes.size(), 1u);
  EXPECT_EQ(result->failure->causes[0].code, ErrorCode::user_function);
  actor.drop();
  result.drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, WhatNoMachineHasFailsTheCalls) {
  wire::ActorSpec spec = counter();
  spec.constructor.resources.gpu = 8 * wire::k_one;
  Handle actor = create(driver, spec);
  Handle result = call(driver, actor, 1);
  cores.deliver();
  EXPECT_EQ(result.failure(), ErrorCode::infeasible);
  actor.drop();
  result.drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, ItMayEndItselfFromInsideACall) {
  wire::ActorSpec spec = counter();
  spec.restarts = 3;
  Handle actor = create(driver, spec);
  Handle first = call(driver, actor, 1), second = call(driver, actor, 2);
  cores.run_all([this](Core& core, Execution execution) {
    if (execution.role == Role::call) core.exit_actor();
    serve(core, std::move(execution));
  });
  EXPECT_EQ(first.value(), 101);
  EXPECT_EQ(second.failure(), ErrorCode::actor_died);
  EXPECT_EQ(begun, std::vector<std::int64_t>{1});
  EXPECT_FALSE(cores.is_alive(hosts[0]));
  EXPECT_EQ(hosts.size(), 1u) << "that is no reason for a restart";
  for (Handle* each : {&actor, &first, &second}) each->drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, ItGoesWhenItsCreatorIsGone) {
  const ProcessId creator = cores.add_driver();
  Handle actor = create(cores.core(creator), counter("ps"));
  run();
  Handle found(driver, driver.find_actor("ps"));
  cores.deliver();
  Handle there(driver, driver.open(found->value.refs()[0], *found.get()));
  Handle result = call(driver, there, 1);
  cores.deliver();
  actor.forget();
  cores.kill(creator);
  EXPECT_EQ(result.failure(), ErrorCode::actor_died);
  EXPECT_EQ(there.failure(), ErrorCode::actor_died);
  EXPECT_FALSE(cores.is_alive(hosts[0]));
  for (Handle* each : {&found, &there, &result}) each->drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, TheCallsOfADeadCallerAreDropped) {
  const ProcessId caller = cores.add_driver();
  Handle actor = create(driver, counter("ps"));
  construct();
  Core& other = cores.core(caller);
  Handle found(other, other.find_actor("ps"));
  cores.deliver();
  Handle there(other, other.open(found->value.refs()[0], *found.get()));
  Handle first = call(other, there, 1), second = call(other, there, 2);
  cores.deliver();
  Handle mine = call(driver, actor, 10);
  cores.deliver();
  std::optional<Execution> running = host().next();
  ASSERT_TRUE(running);
  for (Handle* each : {&found, &there, &first, &second}) each->forget();
  cores.kill(caller);
  EXPECT_TRUE(running->cancelled->load());
  serve(host(), std::move(*running));
  run();
  EXPECT_EQ(begun, (std::vector<std::int64_t>{1, 10}));
  EXPECT_EQ(mine.value(), 111);
  actor.drop();
  mine.drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, AClosedProcessWaitsForNothing) {
  Handle put(driver, driver.put(number(9)));
  wire::ActorSpec spec = counter();
  spec.arguments = number(100, {put->id});
  Handle actor = create(driver, spec);
  construct();
  Handle sent = call(driver, actor, 1);
  Handle late(driver, driver.submit({k_task, number(7)}));
  Handle blocked = call(driver, actor, 2, {late.get()});
  Handle found(driver, driver.find_actor("ps"));
  driver.close();
  for (Handle* each : {&actor, &sent, &late, &blocked, &found}) {
    EXPECT_FALSE(each->is_pending());
    each->drop();
  }
  EXPECT_EQ(put.value(), 9);
  put.drop();
  EXPECT_EQ(driver.holdings(), Core::Holdings{});
}

// --- Threads, waiting, cancelling.

TEST_F(ActorsTest, AsManyCallsRunAtOnceAsItHasThreads) {
  wire::ActorSpec spec = counter();
  spec.threads = 2;
  Handle actor = create(driver, spec);
  construct();
  EXPECT_EQ(host().threads(), 2u);
  std::vector<Handle> results;
  for (int i = 1; i <= 3; ++i) results.push_back(call(driver, actor, i));
  cores.deliver();
  std::optional<Execution> first = host().next(), second = host().next();
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(host().has_next());
  EXPECT_FALSE(host().next());
  host().waits();
  cores.deliver();
  EXPECT_EQ(cores.count<wire::WorkerWaits>(), 0) << "the other thread uses the CPU";
  serve(host(), std::move(*second));
  cores.deliver();
  EXPECT_EQ(cores.count<wire::WorkerWaits>(), 1);
  EXPECT_TRUE(host().has_next()) << "what waits gives no call back";
  run();
  host().waits_no_more();
  serve(host(), std::move(*first));
  cores.deliver();
  EXPECT_EQ(begun, (std::vector<std::int64_t>{2, 3, 1}));
  results.clear();
  actor.drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, CallsAreCancelledInEveryState) {
  Handle actor = create(driver);
  Handle late(driver, driver.submit({k_task, number(7)}));
  Handle running = call(driver, actor, 1);
  construct();
  std::optional<Execution> execution = host().next();
  ASSERT_TRUE(execution);
  Handle sent = call(driver, actor, 2);
  cores.deliver();
  EXPECT_FALSE(host().has_next()) << "one thread";
  Handle blocked = call(driver, actor, 3, {late.get()});
  Handle queued = call(driver, actor, 4);
  Handle last = call(driver, actor, 5);
  for (Handle* each : {&queued, &blocked, &sent, &running}) {
    driver.cancel(each->get());
    EXPECT_EQ(each->failure(), ErrorCode::cancelled);
  }
  cores.deliver();
  EXPECT_TRUE(execution->cancelled->load());
  serve(host(), std::move(*execution));
  run([](Core& core, Execution task) { core.done(std::move(task), {number(7)}, 1000); });
  EXPECT_EQ(begun, (std::vector<std::int64_t>{1, 5}));
  EXPECT_EQ(last.value(), 106);
  for (Handle* each : {&actor, &late, &running, &sent, &blocked, &queued, &last}) each->drop();
  cores.expect_nothing_left();
}

TEST_F(ActorsTest, ACancelledCallIsNotSentAgain) {
  wire::ActorSpec spec = counter();
  spec.restarts = 1;
  spec.call_retries = -1;
  Handle actor = create(driver, spec);
  construct();
  Handle first = call(driver, actor, 1), second = call(driver, actor, 2);
  cores.deliver();
  ASSERT_TRUE(host().next());
  driver.cancel(first.get());
  cores.kill(hosts[0]);
  run();
  EXPECT_EQ(begun, std::vector<std::int64_t>{2});
  EXPECT_EQ(second.value(), 102);
  for (Handle* each : {&actor, &first, &second}) each->drop();
  cores.expect_nothing_left();
}

}  // namespace
}  // namespace shoal::owner
