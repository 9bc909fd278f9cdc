#include "owner/streams.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "owner/testing/cores.h"

namespace shoal::owner {
namespace {

/// What an item of a number costs.
constexpr std::int64_t k_cost = 64 + 8;

std::shared_ptr<const wire::TaskTemplate> a_stream(std::int32_t retries = 3) {
  wire::TaskTemplate what;
  what.name = "count";
  what.resources.cpu = wire::k_one;
  what.retries = retries;
  what.retry_on = {{.name = "Flaky"}};
  what.stream = true;
  return std::make_shared<const wire::TaskTemplate>(what);
}

class Told : public Waiter, public CreditWaiter {
 public:
  void on_ready(Object&) override { ++ready; }
  void on_claimable(Object&) override {}
  void on_credit() override { ++credit; }
  int ready = 0, credit = 0;
};

/// A driver that submitted a stream, and the worker that runs it.
class StreamTest : public ::testing::Test {
 protected:
  explicit StreamTest(std::int64_t bytes = k_stream_bytes) : cores(2, bytes) {}

  void submit(std::vector<ObjectId> refs = {}, std::int32_t retries = 3) {
    stream.emplace(cores.driver(), cores.driver().submit({a_stream(retries), number(0, std::move(refs))}));
    start();
  }
  /// The attempt begins, on whatever worker has it.
  void start() {
    cores.deliver();
    execution.reset();
    for (const ProcessId id : cores.workers()) {
      if (execution = cores.core(id).next(); execution) worker = id;
      if (execution) return;
    }
  }
  Core& producer() { return cores.core(worker); }
  bool yield(std::int64_t value, std::vector<ObjectId> refs = {}) {
    const bool may_go_on = producer().yield_item(*execution, number(value, std::move(refs)));
    cores.deliver();
    return may_go_on;
  }
  void end() {
    producer().done(std::move(*execution), {}, 1000);
    cores.deliver();
  }
  void fail(const char* type = "Fatal") {
    producer().failed(std::move(*execution), {.code = ErrorCode::user_function, .type = type, .bases = {type}}, 1000);
    cores.deliver();
  }
  std::optional<Handle> next() {
    Object* const item = cores.driver().next_item(*stream->get());
    cores.deliver();
    return item == nullptr ? std::nullopt : std::optional<Handle>(Handle(cores.driver(), item));
  }
  /// -1 = there is none.
  std::int64_t next_number() {
    const std::optional<Handle> item = next();
    return item ? item->value() : -1;
  }
  void expect_nothing_left() {
    stream.reset();
    cores.expect_nothing_left();
  }

  Cores cores;
  std::optional<Handle> stream;
  ProcessId worker;
  std::optional<Execution> execution;
};

/// With room for three items.
class SmallStreamTest : public StreamTest {
 protected:
  SmallStreamTest() : StreamTest(3 * k_cost) {}
};

TEST_F(StreamTest, ItemsComeInOrderWhileTheTaskRuns) {
  submit();
  EXPECT_EQ(next_number(), -1);
  EXPECT_TRUE(yield(5));
  EXPECT_TRUE(yield(6));
  {
    const std::optional<Handle> first = next();
    EXPECT_EQ(first->value(), 5);
    EXPECT_EQ((*first)->id, (ObjectId{cores.driver_id(), (*stream)->id.n, 1}));
  }
  EXPECT_TRUE(stream->is_pending());
  yield(7);
  end();
  EXPECT_FALSE(stream->is_pending());
  EXPECT_EQ(stream->failure(), ErrorCode::ok);
  EXPECT_EQ(next_number(), 6);
  EXPECT_EQ(next_number(), 7);
  EXPECT_EQ(next_number(), -1);
  EXPECT_EQ(cores.driver().holdings().streams, 0u);
  expect_nothing_left();
}

TEST_F(StreamTest, AnItemIsAnObjectLikeOthers) {
  submit();
  yield(5);
  end();
  std::optional<Handle> item = next();
  wire::TaskTemplate what;
  what.resources.cpu = wire::k_one;
  Handle result(cores.driver(),
                cores.driver().submit({std::make_shared<const wire::TaskTemplate>(what), number(1), {item->get()}}));
  item.reset();
  cores.run_all([](Core& core, Execution run) {
    const std::int64_t one_more = 1 + number_in(run.resolved.at(0));
    core.done(std::move(run), {number(one_more)}, 1000);
  });
  EXPECT_EQ(result.value(), 6);
  result.drop();
  expect_nothing_left();
}

TEST_F(StreamTest, WhoWaitsIsToldOfItemsAndOfTheEnd) {
  submit();
  Told told;
  Core& driver = cores.driver();
  driver.watch_stream(*stream->get(), &told);
  driver.unwatch_stream(*stream->get(), &told);
  yield(5);
  EXPECT_EQ(told.ready, 0);
  driver.watch_stream(*stream->get(), &told);
  EXPECT_EQ(told.ready, 1) << "one is there";
  EXPECT_EQ(next_number(), 5);
  driver.watch_stream(*stream->get(), &told);
  EXPECT_EQ(told.ready, 1);
  yield(6);
  EXPECT_EQ(told.ready, 2);
  EXPECT_EQ(next_number(), 6);
  driver.watch_stream(*stream->get(), &told);
  end();
  EXPECT_EQ(told.ready, 3);
  driver.watch_stream(*stream->get(), &told);
  EXPECT_EQ(told.ready, 4) << "nothing more will come";
  expect_nothing_left();
}

// --- Back-pressure.

TEST_F(SmallStreamTest, OnlySoMuchIsUnderWayAsTheConsumerHasRoomFor) {
  submit();
  Told told;
  EXPECT_TRUE(yield(0));
  EXPECT_TRUE(yield(1));
  EXPECT_FALSE(yield(2));
  EXPECT_FALSE(producer().may_yield(*execution));
  producer().watch_credit(*execution, &told);
  cores.deliver();
  EXPECT_EQ(told.credit, 0);
  EXPECT_EQ(next_number(), 0);
  EXPECT_EQ(told.credit, 1);
  EXPECT_TRUE(producer().may_yield(*execution));
  EXPECT_FALSE(yield(3)) << "room for one, and it has it";
  for (const int item : {1, 2, 3}) EXPECT_EQ(next_number(), item);
  producer().watch_credit(*execution, &told);
  EXPECT_EQ(told.credit, 2) << "at once";
  end();
  expect_nothing_left();
}

TEST_F(SmallStreamTest, OneItemMayBeLargerThanTheRoom) {
  submit();
  EXPECT_FALSE(producer().yield_item(*execution, Payload(1000)));
  cores.deliver();
  EXPECT_TRUE(next());
  EXPECT_TRUE(producer().may_yield(*execution));
  end();
  expect_nothing_left();
}

TEST_F(StreamTest, CreditIsGivenBackInLargePieces) {
  submit();
  for (int i = 0; i < 100; ++i) yield(i);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(next_number(), i);
  EXPECT_EQ(cores.count<wire::StreamCredit>(), 0);
  producer().yield_item(*execution, Payload(k_stream_bytes));
  cores.deliver();
  EXPECT_TRUE(next());
  EXPECT_EQ(cores.count<wire::StreamCredit>(), 1);
  end();
  expect_nothing_left();
}

// --- Attempts.

TEST_F(StreamTest, AFailureComesAfterTheItems) {
  submit();
  yield(5);
  fail();
  EXPECT_EQ(stream->failure(), ErrorCode::user_function);
  EXPECT_EQ(next_number(), 5);
  EXPECT_EQ(next_number(), -1);
  expect_nothing_left();
}

TEST_F(SmallStreamTest, TheNextAttemptLeavesOutWhatCame) {
  submit();
  yield(0);
  yield(1);
  yield(2);
  EXPECT_EQ(next_number(), 0);
  cores.kill(worker);
  EXPECT_EQ(next_number(), 1) << "while no attempt runs";
  start();
  ASSERT_TRUE(execution);
  EXPECT_EQ(execution->attempt, 1u);
  EXPECT_EQ(execution->skip_items, 3u);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(yield(i));
  EXPECT_TRUE(yield(3)) << "there was room for two";
  EXPECT_FALSE(yield(4));
  EXPECT_EQ(next_number(), 2) << "an item of the first attempt makes room in the second";
  EXPECT_TRUE(producer().may_yield(*execution));
  EXPECT_FALSE(yield(5));
  end();
  for (const int item : {3, 4, 5, -1}) EXPECT_EQ(next_number(), item);
  EXPECT_EQ(stream->failure(), ErrorCode::ok);
  expect_nothing_left();
}

TEST_F(StreamTest, ChosenExceptionsAreTriedAgainFromWhereTheStreamWas) {
  submit();
  yield(0);
  fail("Flaky");
  start();
  ASSERT_TRUE(execution);
  yield(0);
  yield(1);
  end();
  for (const int item : {0, 1, -1}) EXPECT_EQ(next_number(), item);
  EXPECT_EQ(stream->failure(), ErrorCode::ok);
  expect_nothing_left();
}

TEST_F(StreamTest, WithoutRetriesItEndsWithItsWorker) {
  submit({}, 0);
  yield(0);
  cores.kill(worker);
  EXPECT_EQ(stream->failure(), ErrorCode::worker_died);
  EXPECT_EQ(next_number(), 0);
  expect_nothing_left();
}

TEST_F(StreamTest, AnAttemptThatGivesFewerItemsIsAFailure) {
  submit();
  yield(0);
  yield(1);
  cores.kill(worker);
  start();
  ASSERT_TRUE(execution);
  yield(0);
  end();
  EXPECT_EQ(stream->failure(), ErrorCode::user_function);
  expect_nothing_left();
}

// --- References.

TEST_F(StreamTest, AnItemMayContainWhatItsWorkerOwns) {
  submit();
  {
    Handle inner(producer(), producer().put(number(42)));
    EXPECT_TRUE(producer().yield_item(*execution, number(1, {inner->id})));
  }
  end();
  EXPECT_EQ(cores.count<wire::ItemHeld>(), 1);
  std::optional<Handle> item = next();
  ASSERT_TRUE(item);
  Handle inner(cores.driver(), cores.driver().open((*item)->value.refs()[0], *item->get()));
  item.reset();
  Told told;
  cores.driver().watch(inner.get(), &told);
  cores.deliver();
  EXPECT_EQ(inner.value(), 42);
  inner.drop();
  expect_nothing_left();
}

TEST_F(StreamTest, ItemsAndTheEndWaitForThoseBeforeThem) {
  submit();
  {
    Handle inner(producer(), producer().put(number(42)));
    producer().yield_item(*execution, number(1, {inner->id}));
  }
  producer().yield_item(*execution, number(2));
  producer().done(std::move(*execution), {}, 1000);
  Told told;
  cores.driver().watch_stream(*stream->get(), &told);
  // All that the worker said, and nothing of what the driver answers.
  std::vector<wire::Envelope> said;
  producer().take_messages(said);
  ASSERT_EQ(said.size(), 3u);
  for (wire::Envelope& each : said) cores.driver().on_message(worker, std::move(each.message));
  EXPECT_EQ(cores.driver().next_item(*stream->get()), nullptr);
  EXPECT_EQ(told.ready, 0);
  EXPECT_TRUE(stream->is_pending()) << "the driver is not registered for what the first item contains";
  cores.deliver();
  EXPECT_EQ(told.ready, 1);
  EXPECT_FALSE(stream->is_pending());
  EXPECT_EQ(next_number(), 1);
  EXPECT_EQ(next_number(), 2);
  EXPECT_EQ(next_number(), -1);
  expect_nothing_left();
}

TEST_F(StreamTest, AnItemMayContainAnArgument) {
  Handle put(cores.driver(), cores.driver().put(number(9)));
  submit({put->id});
  Handle opened(producer(), producer().open(put->id, *execution));
  yield(1, {opened->id});
  opened.drop();
  put.drop();
  end();
  {
    std::optional<Handle> item = next();
    ASSERT_TRUE(item);
    put = Handle(cores.driver(), cores.driver().open((*item)->value.refs()[0], *item->get()));
  }
  EXPECT_EQ(put.value(), 9);
  put.drop();
  expect_nothing_left();
}

// --- Nobody wants more.

TEST_F(SmallStreamTest, ADroppedStreamLeavesNothing) {
  submit();
  {
    Handle inner(producer(), producer().put(number(42)));
    yield(0, {inner->id});
    yield(1);
    producer().yield_item(*execution, number(2, {inner->id}));  // on its way
  }
  Told consumer, told;
  cores.driver().watch_stream(*stream->get(), &consumer);
  EXPECT_EQ(consumer.ready, 1);
  producer().watch_credit(*execution, &told);
  EXPECT_EQ(told.credit, 0);
  cores.driver().drop_stream(*stream->get());
  EXPECT_EQ(stream->failure(), ErrorCode::cancelled);
  EXPECT_EQ(next_number(), -1);
  EXPECT_EQ(told.credit, 1) << "it waits no more";
  EXPECT_TRUE(execution->cancelled->load());
  EXPECT_TRUE(yield(3));
  EXPECT_EQ(cores.driver().holdings().streams, 0u);
  end();
  expect_nothing_left();
}

TEST_F(StreamTest, WhoLetsGoOfAStreamDropsIt) {
  submit();
  yield(0);
  stream.reset();
  cores.deliver();
  EXPECT_TRUE(execution->cancelled->load());
  EXPECT_EQ(cores.driver().holdings().objects, 0u);
  fail();
  cores.expect_nothing_left();
}

TEST_F(StreamTest, ItemsOfAnEndedStreamAreDroppedToo) {
  submit();
  yield(0);
  end();
  cores.driver().drop_stream(*stream->get());
  EXPECT_EQ(stream->failure(), ErrorCode::ok);
  EXPECT_EQ(next_number(), -1);
  EXPECT_EQ(cores.driver().holdings().objects, 1u);
  expect_nothing_left();
}

TEST_F(StreamTest, DroppedWhileItemsArriveAndTheTaskIsOver) {
  submit();
  {
    Handle inner(producer(), producer().put(number(42)));
    producer().yield_item(*execution, number(1, {inner->id}));
  }
  producer().done(std::move(*execution), {}, 1000);
  std::vector<wire::Envelope> said;
  producer().take_messages(said);
  for (wire::Envelope& each : said) cores.driver().on_message(worker, std::move(each.message));
  cores.driver().drop_stream(*stream->get());
  EXPECT_EQ(stream->failure(), ErrorCode::cancelled);
  expect_nothing_left();
}

TEST_F(StreamTest, AStreamWithoutAWorkerIsDropped) {
  submit();
  Handle second(cores.driver(), cores.driver().submit({a_stream(), number(0)}));
  cores.driver().cancel(second.get());
  EXPECT_EQ(second.failure(), ErrorCode::cancelled);
  second.drop();
  end();
  expect_nothing_left();
}

TEST_F(StreamTest, WhatItsSubmittersDeathLeaves) {
  submit();
  {
    Handle inner(producer(), producer().put(number(42)));
    producer().yield_item(*execution, number(1, {inner->id}));
  }
  producer().on_process_died(cores.driver_id(), "killed");
  EXPECT_TRUE(execution->cancelled->load());
  EXPECT_TRUE(producer().may_yield(*execution));
  producer().done(std::move(*execution), {}, 1000);
  EXPECT_EQ(producer().holdings(), Core::Holdings{});
}

}  // namespace
}  // namespace shoal::owner
