#include "owner/core.h"

#include <gtest/gtest.h>
#include <shoal/base/error.h>
#include <shoal/base/type_name.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "owner/testing/cores.h"

namespace shoal::owner {
namespace {

std::shared_ptr<const wire::TaskTemplate> a_template(std::int32_t retries = 3, std::uint32_t results = 1) {
  wire::TaskTemplate what;
  what.name = "sum";
  what.resources.cpu = wire::k_one;
  what.retries = retries;
  what.results = results;
  return std::make_shared<const wire::TaskTemplate>(what);
}

const auto k_template = a_template();

Handle submit(Core& core, Payload arguments, std::vector<Object*> resolve = {},
              const std::shared_ptr<const wire::TaskTemplate>& what = k_template) {
  return {core, core.submit({what, std::move(arguments), std::move(resolve)})};
}

Payload sum_of(const Execution& execution) {
  std::int64_t sum = number_in(execution.arguments);
  for (const Payload& value : execution.resolved) sum += number_in(value);
  return number(sum);
}

/// The result is the sum of all arguments.
void run_sum(Core& core, Execution execution) {
  Payload sum = sum_of(execution);
  core.done(std::move(execution), {std::move(sum)}, 1000);
}

TEST(Core, RunsATaskOnAWorker) {
  Cores cores;
  Handle result = submit(cores.driver(), number(7));
  EXPECT_TRUE(result.is_pending());
  EXPECT_EQ(cores.run_all(run_sum), 1);
  EXPECT_EQ(result.value(), 7);
  EXPECT_EQ(cores.count<wire::BorrowAdd>() + cores.count<wire::Retained>(), 0) << "usual calls need no such message";
  result.drop();
  cores.expect_nothing_left();
}

TEST(Core, ATaskRunsAlsoWhereNobodyKeepsItsResult) {
  Cores cores;
  submit(cores.driver(), number(7));
  EXPECT_EQ(cores.run_all(run_sum), 1);
  cores.expect_nothing_left();
}

TEST(Core, ReferencesAsArgumentsAreResolvedBeforeTheCall) {
  Cores cores;
  Handle put(cores.driver(), cores.driver().put(number(1)));
  Handle first = submit(cores.driver(), number(10), {put.get()});
  Handle second = submit(cores.driver(), number(100), {first.get(), put.get(), first.get()});
  put.drop();
  first.drop();
  EXPECT_EQ(cores.run_all(run_sum), 2);
  EXPECT_EQ(second.value(), 100 + 11 + 1 + 11);
  second.drop();
  cores.expect_nothing_left();
}

TEST(Core, ManyTasksUseAllWorkers) {
  Cores cores(4);
  std::vector<Handle> results;
  for (int i = 0; i < 100; ++i) results.push_back(submit(cores.driver(), number(i)));
  cores.deliver();
  EXPECT_EQ(cores.workers().size(), 4u);
  for (const ProcessId worker : cores.workers()) EXPECT_TRUE(cores.core(worker).has_next());
  EXPECT_EQ(cores.run_all(run_sum), 100);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)].value(), i);
  results.clear();
  cores.expect_nothing_left();
}

TEST(Core, AFailureReachesAllThatNeedTheValue) {
  Cores cores;
  Handle first = submit(cores.driver(), number(1));
  Handle second = submit(cores.driver(), number(2), {first.get()});
  const int runs = cores.run_all([](Core& core, Execution execution) {
    core.failed(std::move(execution), {.code = ErrorCode::user_function, .text = "no"}, 0);
  });
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(first.failure(), ErrorCode::user_function);
  EXPECT_EQ(second.failure(), ErrorCode::user_function);
  EXPECT_EQ(second->failure->causes.size(), 1u);
  first.drop();
  second.drop();
  cores.expect_nothing_left();
}

TEST(Core, ChosenExceptionsAreTriedAgain) {
  Cores cores;
  wire::TaskTemplate what = *k_template;
  what.retries = 2;
  what.retry_on = {{.name = "Flaky"}};
  Handle result = submit(cores.driver(), number(1), {}, std::make_shared<const wire::TaskTemplate>(what));
  std::vector<std::uint32_t> attempts;
  cores.run_all([&](Core& core, Execution execution) {
    attempts.push_back(execution.attempt);
    if (attempts.size() == 3) return run_sum(core, std::move(execution));
    core.failed(std::move(execution), {.code = ErrorCode::user_function, .type = "Worse", .bases = {"Worse", "Flaky"}},
                0);
  });
  EXPECT_EQ(attempts, (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(result.value(), 1);
}

// --- Chains.

/// One worker, which is known to be fast; so it is sent many tasks at once.
class Chain : public testing::Test {
 protected:
  Chain() {
    submit(cores.driver(), number(0));
    cores.run_all(run_sum);
    pushed = cores.count<wire::PushTask>();
    before = submit(cores.driver(), number(0));  // keeps the worker
    first = submit(cores.driver(), number(1));
    second = submit(cores.driver(), number(10), {first.get()});
    third = submit(cores.driver(), number(100), {second.get(), first.get(), before.get()});
    cores.deliver();
    worker = cores.workers().at(0);
  }
  /// How many were sent since the chain was made.
  int sent() const { return cores.count<wire::PushTask>() - pushed; }
  void expect_the_sums() {
    EXPECT_EQ(first.value(), 1);
    EXPECT_EQ(second.value(), 11);
    EXPECT_EQ(third.value(), 112);
    end();
  }
  void end() {
    for (Handle* const each : {&before, &first, &second, &third}) each->drop();
    cores.expect_nothing_left();
  }

  Cores cores{1};
  int pushed = 0;
  ProcessId worker;
  Handle before, first, second, third;
};

TEST_F(Chain, IsSentAlongBeforeItsBeginningHasRun) {
  EXPECT_EQ(sent(), 4);
  EXPECT_EQ(cores.run_all(run_sum), 4);
  EXPECT_EQ(sent(), 4);
  expect_the_sums();
}

TEST_F(Chain, ComesBackWhenItsBeginningFails) {
  const int runs = cores.run_all([](Core& core, Execution execution) {
    if (number_in(execution.arguments) == 1) {
      return core.failed(std::move(execution), {.code = ErrorCode::user_function, .text = "no"}, 0);
    }
    run_sum(core, std::move(execution));
  });
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(first.failure(), ErrorCode::user_function);
  EXPECT_EQ(second.failure(), ErrorCode::user_function);
  EXPECT_EQ(third.failure(), ErrorCode::user_function);
  end();
}

TEST_F(Chain, ComesBackWhenItsBeginningIsCancelled) {
  cores.driver().cancel(first.get(), false);
  EXPECT_EQ(cores.run_all(run_sum), 1);
  EXPECT_EQ(second.failure(), ErrorCode::cancelled);
  EXPECT_EQ(third.failure(), ErrorCode::cancelled);
  end();
}

TEST_F(Chain, MayBeCancelledInItsMiddle) {
  cores.driver().cancel(second.get(), false);
  EXPECT_EQ(cores.run_all(run_sum), 2);
  EXPECT_EQ(first.value(), 1);
  EXPECT_EQ(third.failure(), ErrorCode::cancelled);
  end();
}

TEST_F(Chain, MayBeLetGoOf) {
  second.drop();
  third.drop();
  EXPECT_EQ(cores.run_all(run_sum), 4);
  end();
}

TEST_F(Chain, RunsElsewhereWhenItsWorkerDies) {
  ASSERT_TRUE(cores.core(worker).next());
  cores.kill(worker);
  EXPECT_EQ(cores.run_all(run_sum), 4);
  expect_the_sums();
}

TEST_F(Chain, ComesBackWhenWhatRunsWaits) {
  std::optional<Execution> running = cores.core(worker).next();
  cores.core(worker).waits();
  cores.deliver();
  EXPECT_FALSE(cores.core(worker).has_next());
  cores.core(worker).waits_no_more();
  run_sum(cores.core(worker), std::move(*running));
  EXPECT_EQ(cores.run_all(run_sum), 3);
  expect_the_sums();
}

TEST_F(Chain, GoesByWayOfTheOwnerWhereAResultContainsReferences) {
  Handle outer = submit(cores.driver(), number(1000));
  Handle reader = submit(cores.driver(), number(2000), {outer.get()});
  EXPECT_EQ(cores.run_all([&](Core& core, Execution execution) {
    if (number_in(execution.arguments) != 1000) return run_sum(core, std::move(execution));
    Object* const made = core.put(number(5));
    Payload result = number(3);
    result.set_beside({made->id}, {});
    core.done(std::move(execution), {std::move(result)}, 1000);
    Handle(core, made).drop();
  }),
            6);
  EXPECT_EQ(reader.value(), 2003);
  outer.drop();
  reader.drop();
  expect_the_sums();
}

TEST_F(Chain, IsAskedBackWhenWhatIsBeforeItTakesLong) {
  Handle other = submit(cores.driver(), number(5));
  cores.deliver();
  EXPECT_EQ(sent(), 5);
  std::optional<Execution> endless = cores.core(worker).next();
  cores.pass(k_stuck_ns);
  EXPECT_FALSE(cores.core(worker).has_next());
  run_sum(cores.core(worker), std::move(*endless));
  EXPECT_EQ(cores.run_all(run_sum), 4);
  other.drop();
  expect_the_sums();
}

// --- Workers that die.

TEST(Core, WhatALostWorkerHadStartedUsesAnAttemptAndTheRestDoesNot) {
  Cores cores(1);
  std::vector<Handle> results;
  for (int i = 0; i < 3; ++i) results.push_back(submit(cores.driver(), number(i), {}, a_template(0)));
  Handle retried = submit(cores.driver(), number(3), {}, a_template(1));
  cores.deliver();
  const ProcessId worker = cores.workers().at(0);
  ASSERT_TRUE(cores.core(worker).next());
  cores.kill(worker);
  EXPECT_EQ(results[0].failure(), ErrorCode::worker_died);
  EXPECT_EQ(cores.run_all(run_sum), 3);
  EXPECT_EQ(results[1].value(), 1);
  EXPECT_EQ(results[2].value(), 2);
  EXPECT_EQ(retried.value(), 3);
}

TEST(Core, WhatWasWithALostWorkerIsNotSentBehindOthersAgain) {
  Cores cores(1);
  submit(cores.driver(), number(0));
  cores.run_all(run_sum);  // how long it takes is known now
  std::vector<Handle> results;
  for (int i = 0; i < 3; ++i) results.push_back(submit(cores.driver(), number(i)));
  cores.deliver();
  const ProcessId dead = cores.workers().at(0);
  ASSERT_TRUE(cores.core(dead).next());
  ASSERT_TRUE(cores.core(dead).has_next());
  cores.kill(dead);
  cores.deliver();
  Core& worker = cores.core(cores.workers().at(0));
  std::optional<Execution> alone = worker.next();
  ASSERT_TRUE(alone);
  EXPECT_FALSE(worker.has_next()) << "which of them ended the worker must show";
  run_sum(worker, std::move(*alone));
  EXPECT_EQ(cores.run_all(run_sum), 2);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)].value(), i);
}

/// How often a task is begun whose processes all go over their memory.
int attempts_out_of_memory(std::vector<wire::ExceptionType> retry_on) {
  Cores cores(1);
  wire::TaskTemplate what = *k_template;
  what.retry_on = std::move(retry_on);
  Handle result = submit(cores.driver(), number(1), {}, std::make_shared<const wire::TaskTemplate>(what));
  int attempts = 0;
  for (cores.deliver(); result.is_pending(); cores.deliver()) {
    const ProcessId worker = cores.workers().at(0);
    attempts += cores.core(worker).next() ? 1 : 0;
    cores.kill(worker, {}, ErrorCode::out_of_memory);
  }
  EXPECT_EQ(result.failure(), ErrorCode::out_of_memory);
  return attempts;
}

TEST(Core, ATaskAboveItsMemoryIsTriedAgainOnlyWhereItSaysSo) {
  EXPECT_EQ(attempts_out_of_memory({}), 1);
  EXPECT_EQ(attempts_out_of_memory({{.name = "Flaky"}}), 1);
  EXPECT_EQ(attempts_out_of_memory({{.name = "*"}}), 4);
  EXPECT_EQ(attempts_out_of_memory({{.name = std::string(full_type_name<OutOfMemory>())}}), 4);
}

TEST(Core, ALeaseMayEndWithAWorkerThatTheOwnerNeverHeardOf) {
  Cores cores(1);
  Handle result = submit(cores.driver(), number(5));
  cores.deliver();
  cores.kill(cores.workers().at(0), {cores.driver_id()});
  EXPECT_EQ(cores.run_all(run_sum), 1);
  EXPECT_EQ(result.value(), 5);
  result.drop();
  cores.expect_nothing_left();
}

TEST(Core, ResultsOfAnEarlierAttemptAreNotTaken) {
  Cores cores(1);
  Handle result = submit(cores.driver(), number(5));
  cores.deliver();
  const ProcessId dead = cores.workers().at(0);
  cores.kill(dead);
  cores.deliver();
  const TaskId task{result->id.owner, result->id.n};
  for (const std::uint32_t attempt : {0u, 1u}) {
    wire::TaskDone late;
    late.task = task;
    late.attempt = attempt;
    late.result = number(666);
    cores.driver().on_message(dead, late);
  }
  EXPECT_TRUE(result.is_pending());
  EXPECT_EQ(cores.run_all(run_sum), 1);
  EXPECT_EQ(result.value(), 5);
}

// --- References.

TEST(Core, AValueKeepsWhatItRefersTo) {
  Cores cores;
  Core& driver = cores.driver();
  Handle inner(driver, driver.put(number(1)));
  const ObjectId inner_id = inner->id;
  Handle outer(driver, driver.put(number(2, {inner_id})));
  Handle outermost(driver, driver.put(number(3, {outer->id})));
  inner.drop();
  outer.drop();
  EXPECT_EQ(driver.holdings().objects, 3u);
  Handle again(driver, driver.open(inner_id, *outermost.get()));
  EXPECT_EQ(again.value(), 1);
  outermost.drop();
  EXPECT_EQ(driver.holdings().objects, 1u);
  again.drop();
  EXPECT_EQ(driver.holdings().objects, 0u);
}

TEST(Core, ManyValuesInEachOtherAreFreedWithoutRecursion) {
  Cores cores;
  Core& driver = cores.driver();
  Handle last(driver, driver.put(number(0)));
  for (int i = 0; i < 200'000; ++i) last = Handle(driver, driver.put(number(i, {last->id})));
  EXPECT_EQ(driver.holdings().objects, 200'001u);
  last.drop();
  EXPECT_EQ(driver.holdings().objects, 0u);
}

/// A worker that gets a reference as a reference, and what it does with it.
class Keeper {
 public:
  void run(Core& core, Execution execution) {
    process = core.self();
    for (const ObjectId& id : execution.arguments.refs()) kept.emplace_back(core, core.open(id, execution));
    run_sum(core, std::move(execution));
  }
  ProcessId process;
  std::vector<Handle> kept;
};

TEST(Core, ARunningTaskMayReadWhatItGotByReference) {
  Cores cores;
  Handle put(cores.driver(), cores.driver().put(number(9)));
  Handle result = submit(cores.driver(), number(1, {put->id}));
  put.drop();
  cores.deliver();
  Core& worker = cores.core(cores.workers().at(0));
  std::optional<Execution> execution = worker.next();
  ASSERT_TRUE(execution);
  {
    Handle opened(worker, worker.open(execution->arguments.refs()[0], *execution));
    class Quiet : public Waiter {
      void on_ready(Object&) override {}
      void on_claimable(Object&) override {}
    } quiet;
    worker.watch(opened.get(), &quiet);
    cores.deliver();
    EXPECT_EQ(opened.value(), 9);
  }
  run_sum(worker, std::move(*execution));
  cores.deliver();
  EXPECT_EQ(cores.count<wire::BorrowAdd>(), 0);
  EXPECT_FALSE(result.is_pending());
  result.drop();
  cores.expect_nothing_left();
}

TEST(Core, WhatAWorkerKeepsOutlivesTheSubmittersHandle) {
  Cores cores;
  Keeper keeper;
  Handle put(cores.driver(), cores.driver().put(number(9)));
  Handle result = submit(cores.driver(), number(1, {put->id}));
  cores.run_all([&](Core& core, Execution execution) { keeper.run(core, std::move(execution)); });
  put.drop();
  result.drop();
  cores.deliver();
  EXPECT_EQ(cores.count<wire::BorrowAdd>(), 1);
  EXPECT_EQ(cores.count<wire::Retained>(), 1);
  EXPECT_EQ(cores.driver().holdings().objects, 1u) << "borrowed";
  keeper.kept.clear();
  cores.deliver();
  EXPECT_EQ(cores.driver().holdings().objects, 0u);
  cores.expect_nothing_left();
}

TEST(Core, ADeadBorrowerIsStruck) {
  Cores cores;
  Keeper keeper;
  Handle put(cores.driver(), cores.driver().put(number(9)));
  submit(cores.driver(), number(1, {put->id}));
  cores.run_all([&](Core& core, Execution execution) { keeper.run(core, std::move(execution)); });
  put.drop();
  cores.deliver();
  for (Handle& handle : keeper.kept) handle.forget();
  cores.kill(keeper.process);
  cores.expect_nothing_left();
}

TEST(Core, AResultMayContainWhatItsWorkerOwns) {
  Cores cores;
  Handle result = submit(cores.driver(), number(1));
  cores.run_all([&](Core& core, Execution execution) {
    Handle inner(core, core.put(number(42)));
    core.done(std::move(execution), {number(2, {inner->id})}, 1000);
  });
  ASSERT_EQ(result.value(), 2);
  EXPECT_EQ(cores.count<wire::ResultHeld>(), 1);
  Handle inner(cores.driver(), cores.driver().open(result->value.refs()[0], *result.get()));
  Handle doubled = submit(cores.driver(), number(0), {inner.get(), inner.get()});
  cores.run_all(run_sum);
  EXPECT_EQ(doubled.value(), 84);
  result.drop();
  EXPECT_EQ(inner.value(), 42);
  inner.drop();
  doubled.drop();
  cores.expect_nothing_left();
}

TEST(Core, WhatADeadProcessOwnedIsAFailure) {
  Cores cores;
  Handle result = submit(cores.driver(), number(1));
  ProcessId worker;
  cores.run_all([&](Core& core, Execution execution) {
    worker = core.self();
    Handle inner(core, core.put(number(42)));
    core.done(std::move(execution), {number(2, {inner->id})}, 1000);
  });
  Handle inner(cores.driver(), cores.driver().open(result->value.refs()[0], *result.get()));
  cores.kill(worker);
  EXPECT_EQ(inner.failure(), ErrorCode::owner_died);
  result.drop();
  inner.drop();
  cores.expect_nothing_left();
}

TEST(Core, TasksOfTasks) {
  Cores cores(3);
  Handle result = submit(cores.driver(), number(1));
  // The first task submits another and gives its result on, unread.
  int runs = 0;
  cores.run_all([&](Core& core, Execution execution) {
    if (runs++ > 0) return run_sum(core, std::move(execution));
    Handle child = submit(core, number(5));
    core.done(std::move(execution), {number(0, {child->id})}, 1000);
  });
  EXPECT_EQ(runs, 2);
  Handle child(cores.driver(), cores.driver().open(result->value.refs()[0], *result.get()));
  Handle next = submit(cores.driver(), number(1), {child.get()});
  cores.run_all(run_sum);
  EXPECT_EQ(next.value(), 6);
  result.drop();
  child.drop();
  next.drop();
  cores.expect_nothing_left();
}

TEST(Core, TasksApartGetAWorkerEachHoweverShortOthersWere) {
  Cores cores(2);
  wire::TaskTemplate what = *k_template;
  what.apart = true;
  const auto apart = std::make_shared<const wire::TaskTemplate>(what);
  for (int i = 0; i < 3; ++i) {
    const Handle result = submit(cores.driver(), number(i), {}, apart);
    cores.run_all(run_sum);
    EXPECT_EQ(result.value(), i);
  }
  Handle first = submit(cores.driver(), number(1), {}, apart), second = submit(cores.driver(), number(2), {}, apart);
  cores.deliver();
  std::vector<std::pair<Core*, Execution>> begun;
  for (const ProcessId worker : cores.workers()) {
    Core& core = cores.core(worker);
    if (std::optional<Execution> execution = core.next()) begun.emplace_back(&core, std::move(*execution));
  }
  EXPECT_EQ(begun.size(), 2U);
  for (auto& [core, execution] : begun) run_sum(*core, std::move(execution));
  cores.deliver();
  first.drop();
  second.drop();
  cores.expect_nothing_left();
}

// --- Cancelling.

TEST(Core, CancelsInEveryState) {
  Cores cores(1);
  Core& driver = cores.driver();
  Handle running = submit(driver, number(1)), pushed = submit(driver, number(2), {}, a_template());
  Handle blocked = submit(driver, number(3), {running.get()});
  cores.deliver();
  Core& worker = cores.core(cores.workers().at(0));
  std::optional<Execution> execution = worker.next();
  ASSERT_TRUE(execution);
  for (Handle* each : {&blocked, &pushed, &running}) {
    driver.cancel(each->get());
    EXPECT_EQ(each->failure(), ErrorCode::cancelled);
  }
  cores.deliver();
  EXPECT_TRUE(execution->cancelled->load());
  run_sum(worker, std::move(*execution));
  EXPECT_EQ(cores.run_all(run_sum), 0);
  EXPECT_EQ(running.failure(), ErrorCode::cancelled);
  running.drop();
  pushed.drop();
  blocked.drop();
  cores.expect_nothing_left();
}

/// A task that runs on a worker and submitted another, which runs on the second one.
class Family {
 public:
  explicit Family(Cores& cores) : result(submit(cores.driver(), number(1))) {
    cores.deliver();
    parent_core = &cores.core(cores.workers().at(0));
    parent = parent_core->next();
    child.emplace(submit_child(*parent));
    cores.deliver();
    child_core = &cores.core(cores.workers().at(1));
    child_run = child_core->next();
  }
  Handle submit_child(const Execution& of) {
    return {*parent_core, parent_core->submit({.what = k_template, .arguments = number(2), .parent = of.run})};
  }
  void end() {
    child.reset();
    if (parent) run_sum(*parent_core, std::move(*parent));
    run_sum(*child_core, std::move(*child_run));
    result.drop();
  }
  void end(Cores& cores) {
    end();
    cores.expect_nothing_left();
  }
  Handle result;
  Core* parent_core = nullptr;
  Core* child_core = nullptr;
  std::optional<Execution> parent, child_run;
  std::optional<Handle> child;
};

TEST(Core, ACancelReachesWhatTheTaskSubmitted) {
  Cores cores;
  Family family(cores);
  cores.driver().cancel(family.result.get());
  cores.deliver();
  EXPECT_TRUE(family.parent->cancelled->load());
  EXPECT_TRUE(family.child_run->cancelled->load());
  EXPECT_EQ(family.child->failure(), ErrorCode::cancelled);
  EXPECT_EQ(family.submit_child(*family.parent).failure(), ErrorCode::cancelled) << "it goes on and submits more";
  family.end(cores);
}

TEST(Core, ACancelMayBeOfOneTaskOnly) {
  Cores cores;
  Family family(cores);
  cores.driver().cancel(family.result.get(), false);
  cores.deliver();
  EXPECT_TRUE(family.parent->cancelled->load());
  EXPECT_FALSE(family.child_run->cancelled->load());
  EXPECT_TRUE(family.child->is_pending());
  family.end(cores);
}

TEST(Core, TheDeathOfASubmitterCancelsWhatItsTasksSubmitted) {
  Cores cores;
  Family family(cores);
  family.parent_core->on_process_died(cores.driver_id(), "killed");
  cores.deliver();
  EXPECT_TRUE(family.parent->cancelled->load());
  EXPECT_TRUE(family.child_run->cancelled->load());
  EXPECT_EQ(family.child->failure(), ErrorCode::cancelled);
  family.end();
  cores.pass(1'000'000'000);
  EXPECT_EQ(family.parent_core->holdings(), Core::Holdings{});
  EXPECT_EQ(family.child_core->holdings(), Core::Holdings{});
}

TEST(Core, ACancelDoesNotReachWhatEndedTasksSubmitted) {
  Cores cores;
  Family family(cores);
  family.parent_core->done(std::move(*family.parent), {number(0, {(*family.child)->id})}, 1000);
  family.parent.reset();
  cores.driver().cancel(family.result.get());
  cores.deliver();
  cores.driver().cancel(family.result.get());
  cores.deliver();
  EXPECT_FALSE(family.child_run->cancelled->load());
  EXPECT_TRUE(family.child->is_pending());
  family.end(cores);
}

TEST(Core, WhatRunsInThePlaceOfAWorkerIsToldToo) {
  Cores cores(1);
  Core& driver = cores.driver();
  submit(driver, number(0));
  cores.run_all(run_sum);  // now a worker is held
  Handle result = submit(driver, number(1));
  std::optional<Execution> execution = driver.claim(result.get(), nullptr);
  ASSERT_TRUE(execution);
  Handle child(driver, driver.submit({.what = k_template, .arguments = number(2), .parent = execution->run}));
  driver.cancel(result.get());
  EXPECT_TRUE(execution->cancelled->load());
  EXPECT_EQ(child.failure(), ErrorCode::cancelled);
  run_sum(driver, std::move(*execution));
  result.drop();
  child.drop();
  cores.expect_nothing_left();
}

// --- Whoever waits runs it.

TEST(Core, AWaitingThreadRunsWhatItWaitsFor) {
  Cores cores(1);
  Core& driver = cores.driver();
  {
    Handle first = submit(driver, number(0));
    cores.run_all(run_sum);
  }  // now a worker is held
  Handle a = submit(driver, number(1));
  Handle b = submit(driver, number(10), {a.get()});
  const int sent = cores.count<wire::PushTask>();
  while (b.is_pending()) {
    std::optional<Execution> execution = driver.claim(b.get(), nullptr);
    ASSERT_TRUE(execution);
    EXPECT_FALSE(driver.claim(b.get(), nullptr)) << "one worker, one task";
    run_sum(driver, std::move(*execution));
  }
  EXPECT_EQ(b.value(), 11);
  cores.deliver();
  EXPECT_EQ(cores.count<wire::PushTask>(), sent);
  a.drop();
  b.drop();
  cores.expect_nothing_left();
}

// What it waited for needed the CPU of the worker in whose place it ran.
TEST(Core, WhatRunsInThePlaceOfAWorkerHoldsNoneWhileItWaits) {
  Cores cores(1);
  Core& driver = cores.driver();
  submit(driver, number(0));
  cores.run_all(run_sum);  // now a worker is held
  Handle result = submit(driver, number(1));
  std::optional<Execution> execution = driver.claim(result.get(), nullptr);
  ASSERT_TRUE(execution);
  Handle child = submit(driver, number(2));
  EXPECT_EQ(cores.run_all(run_sum), 0);
  driver.waits();
  EXPECT_EQ(cores.run_all(run_sum), 1);
  EXPECT_EQ(child.value(), 2);
  driver.waits_no_more();
  run_sum(driver, std::move(*execution));
  EXPECT_EQ(result.value(), 1);
  result.drop();
  child.drop();
  cores.expect_nothing_left();
}

TEST(Core, AWorkerThatWaitsGivesBackWhatItHasNotStarted) {
  Cores cores(1);
  std::vector<Handle> results;
  for (int i = 0; i < 4; ++i) {
    results.push_back(submit(cores.driver(), number(i)));
    if (i == 0) cores.run_all(run_sum);  // its time is known now: the others are sent together
  }
  cores.deliver();
  const ProcessId first = cores.workers().at(0);
  std::optional<Execution> waiting = cores.core(first).next();
  ASSERT_TRUE(waiting);
  EXPECT_TRUE(cores.core(first).has_next());
  cores.core(first).waits();
  cores.deliver();
  EXPECT_FALSE(cores.core(first).has_next());
  ASSERT_EQ(cores.workers().size(), 2u) << "the CPU that was lent gives another worker";
  EXPECT_EQ(cores.run_all(run_sum), 2);
  cores.core(first).waits_no_more();
  run_sum(cores.core(first), std::move(*waiting));
  cores.deliver();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)].value(), i);
  results.clear();
  cores.expect_nothing_left();
}

TEST(Core, WhatNoMachineHasFailsAtOnce) {
  Cores cores(2);
  wire::TaskTemplate what = *k_template;
  what.resources.gpu = 4 * wire::k_one;
  Handle result = submit(cores.driver(), number(1), {}, std::make_shared<const wire::TaskTemplate>(what));
  cores.deliver();
  EXPECT_EQ(result.failure(), ErrorCode::infeasible);
  result.drop();
  cores.expect_nothing_left();
}

TEST(Core, SeveralResults) {
  Cores cores;
  std::vector<Handle> results;
  for (Object* each = cores.driver().submit({a_template(3, 3), number(1)}); each != nullptr; each = each->next_result) {
    results.emplace_back(cores.driver(), each);
  }
  ASSERT_EQ(results.size(), 3u);
  cores.run_all([](Core& core, Execution execution) {
    core.done(std::move(execution), {number(1), number(2), number(3)}, 1000);
  });
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(results[i].value(), static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(results[i]->id.index, i);
  }
  results.clear();
  cores.expect_nothing_left();
}

}  // namespace
}  // namespace shoal::owner
