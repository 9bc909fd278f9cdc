#include "data/exec/run.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "data/engine/embedded.h"
#include "data/exec/testing/int_rows.h"

namespace shoal::data {
namespace {

using Values = std::vector<std::int64_t>;

std::shared_ptr<Run> start(const PhysicalPlan& plan, RunHooks hooks = {}) {
  auto engine = make_embedded_engine(
      {.resources = {plan.num_cpus, plan.num_gpus, plan.memory_budget}, .block_bytes = plan.block_bytes});
  auto run = start_run(plan, *std::move(engine), std::move(hooks));
  EXPECT_TRUE(run.ok()) << run.status().text();
  return *run;
}

struct Consumed {
  Values values;
  Status status;
};

Consumed consume(Run& run) {
  Consumed all;
  while (true) {
    auto block = run.next();
    if (!block.ok()) {
      all.status = block.status();
      return all;
    }
    if (block->rows == nullptr) return all;
    for (const std::int64_t value : int_values(block->rows)) all.values.push_back(value);
  }
}

Values counted(std::int64_t n) {
  Values values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

std::shared_ptr<const Step> pass(const std::string& label = "Pass") {
  return std::make_shared<CallStep>(label, [](const Rows& rows, const StepContext&) -> Result<Rows> { return rows; });
}

/// Opens once; waiters go on together.
class Latch {
 public:
  void open() { promise_.set_value(); }
  void wait() { future_.wait(); }

 private:
  std::promise<void> promise_;
  std::shared_future<void> future_ = promise_.get_future().share();
};

TEST(Run, GivesAllRowsInOrder) {
  PhysicalPlan plan = int_plan(20, std::make_shared<CountingSource>(3, 10), {pass(), pass()});
  plan.num_cpus = 8;
  const auto run = start(plan);
  const Consumed all = consume(*run);
  EXPECT_TRUE(all.status.ok()) << all.status.text();
  EXPECT_EQ(all.values, counted(600));
  EXPECT_EQ(consume(*run).values, Values{}) << "the end stays the end";
  const RunReport report = run->report();
  EXPECT_TRUE(report.finished);
  EXPECT_EQ(report.rows_delivered, 600);
  EXPECT_EQ(report.operators[2].fragments_done, 60);
  EXPECT_EQ(report.memory_used, 0);
}

TEST(Run, GoesOnWithATinyBudgetAndAConsumerThatKeepsEverything) {
  PhysicalPlan plan = int_plan(5, std::make_shared<CountingSource>(4, 1000), {pass(), pass()});
  plan.memory_budget = 1;
  plan.num_cpus = 3;
  const auto run = start(plan);
  std::vector<Run::Delivered> kept;
  while (true) {
    auto block = run->next();
    ASSERT_TRUE(block.ok());
    if (block->rows == nullptr) break;
    kept.push_back(*std::move(block));
  }
  EXPECT_EQ(kept.size(), 20U);
  EXPECT_GT(run->report().memory_used, 0);
  kept.clear();
  EXPECT_EQ(run->report().memory_used, 0);
}

TEST(Run, WindowEndsTheRunEarly) {
  std::atomic<int> calls{0};
  const auto counting = std::make_shared<CallStep>("Count", [&](const Rows& rows, const StepContext&) -> Result<Rows> {
    ++calls;
    return rows;
  });
  PhysicalPlan plan = int_plan(100000, std::make_shared<CountingSource>(1, 10), {counting, pass()});
  plan.operators[1].window = {.offset = 5, .length = 20};
  const auto run = start(plan);
  Values expected = counted(25);
  expected.erase(expected.begin(), expected.begin() + 5);
  EXPECT_EQ(consume(*run).values, expected);
  EXPECT_LT(calls, 20);
}

TEST(Run, ErrorOfAUserFunctionReachesTheConsumerWithItsCause) {
  const auto bad = std::make_shared<CallStep>("Bad", [](const Rows& rows, const StepContext& context) -> Result<Rows> {
    if (context.ordinal == 7) throw std::out_of_range("row 70");
    return rows;
  });
  const auto run = start(int_plan(1000, std::make_shared<CountingSource>(1, 10), {pass(), bad}));
  const Consumed all = consume(*run);
  EXPECT_EQ(all.status.code(), ErrorCode::user_function);
  EXPECT_THROW(std::rethrow_exception(all.status.cause()), std::out_of_range);
  EXPECT_NE(all.status.text().find("Bad"), std::string::npos);
  EXPECT_EQ(run->next().status().code(), ErrorCode::user_function) << "every later call gives the same error";
}

TEST(Run, BlocksBeforeAnErrorAreDelivered) {
  const auto bad = std::make_shared<CallStep>("Bad", [](const Rows& rows, const StepContext& context) -> Result<Rows> {
    if (context.ordinal >= 7) throw std::out_of_range("row 70");
    return rows;
  });
  PhysicalPlan plan = int_plan(100, std::make_shared<CountingSource>(1, 10), {bad});
  plan.num_cpus = 8;
  for (int i = 0; i < 20; ++i) {
    const Consumed all = consume(*start(plan));
    EXPECT_EQ(all.values, counted(70));
    EXPECT_EQ(all.status.code(), ErrorCode::user_function);
  }
}

TEST(Run, FailedFragmentIsTriedAgainWithoutGivingARowTwice) {
  std::mutex mutex;
  int failures = 0;
  PhysicalPlan plan = int_plan(8, std::make_shared<CountingSource>(4, 10), {});
  const auto flaky = std::make_shared<CallStep>("Flaky",
                                                [&](const Rows& rows, const StepContext& context) -> Result<Rows> {
                                                  const std::lock_guard lock(mutex);
                                                  if (context.attempt == 0 && int_values(rows)[0] % 40 == 20) {
                                                    ++failures;
                                                    throw std::runtime_error("once");
                                                  }
                                                  return rows;
                                                });
  plan.operators[0].pipeline = int_pipeline(std::make_shared<CountingSource>(4, 10), {flaky});
  plan.operators[0].retries = 1;
  const auto run = start(plan);
  EXPECT_EQ(consume(*run).values, counted(320));
  EXPECT_EQ(failures, 8);
  EXPECT_EQ(run->report().operators[0].retries, 8);
}

TEST(Run, WorkersKeepTheirStateAndAreFewerThanThePoolAllows) {
  std::atomic<int> made{0};
  std::atomic<int> alive{0};
  struct Model {
    explicit Model(std::atomic<int>& count) : alive(count) { ++alive; }
    ~Model() { --alive; }
    std::atomic<int>& alive;
  };
  const auto step = std::make_shared<CallStep>(
      "Model", CallStep::Make([&]() -> Result<CallStep::Call> {
        ++made;
        return CallStep::Call([model = std::make_shared<Model>(alive)](
                                  const Rows& rows, const StepContext&) -> Result<Rows> { return rows; });
      }));
  PhysicalPlan plan = int_plan(200, std::make_shared<CountingSource>(1, 10), {step});
  plan.operators[1].pool = Pool{1, 2};
  {
    const auto run = start(plan);
    EXPECT_EQ(consume(*run).values, counted(2000));
    EXPECT_GE(made, 1);
    EXPECT_LE(made, 2);
  }
  EXPECT_EQ(alive, 0);
}

TEST(Run, IdleWorkersLeaveWhileTheConsumerWaits) {
  std::mutex mutex;
  std::condition_variable changed;
  bool gone = false;
  const auto model = std::make_shared<CallStep>(
      "Model", CallStep::Make([&]() -> Result<CallStep::Call> {
        const std::shared_ptr<void> alive(nullptr, [&](void*) {
          const std::lock_guard lock(mutex);
          gone = true;
          changed.notify_all();
        });
        return CallStep::Call([alive](const Rows& rows, const StepContext&) -> Result<Rows> { return rows; });
      }));
  const auto second_waits = std::make_shared<CallStep>(
      "Gate", [&](const Rows& rows, const StepContext& context) -> Result<Rows> {
        std::unique_lock lock(mutex);
        if (context.ordinal == 1 && !changed.wait_for(lock, std::chrono::seconds(30), [&] { return gone; })) {
          return Status(ErrorCode::timeout, "the worker did not leave");
        }
        return rows;
      });
  PhysicalPlan plan = int_plan(2, std::make_shared<CountingSource>(1, 10), {second_waits, model});
  plan.operators[2].pool = Pool{0, 1};
  const Consumed all = consume(*start(plan));
  EXPECT_TRUE(all.status.ok()) << all.status.text();
  EXPECT_EQ(all.values, counted(20));
}

TEST(Run, WorkerThatCannotBeMadeEndsTheRun) {
  const auto step = std::make_shared<CallStep>(
      "Model", CallStep::Make([]() -> Result<CallStep::Call> { throw std::runtime_error("no weights"); }));
  const auto run = start(int_plan(3, std::make_shared<CountingSource>(1, 10), {step}));
  EXPECT_EQ(consume(*run).status.code(), ErrorCode::user_function);
}

TEST(Run, CancelFromAnotherThreadWakesTheConsumer) {
  Latch running;
  std::atomic<bool> first{true};
  const auto stuck = std::make_shared<CallStep>("Stuck",
                                                [&](const Rows& rows, const StepContext& context) -> Result<Rows> {
                                                  if (first.exchange(false)) running.open();
                                                  while (!context.is_cancelled()) std::this_thread::yield();
                                                  return rows;
                                                });
  const auto run = start(int_plan(4, std::make_shared<CountingSource>(1, 10), {stuck}));
  std::thread canceller([&] {
    running.wait();
    EXPECT_EQ(run->running_labels(), std::vector<std::string>{"Stuck"});
    run->cancel(Status(ErrorCode::cancelled, "enough"));
  });
  EXPECT_EQ(consume(*run).status.code(), ErrorCode::cancelled);
  canceller.join();
}

TEST(Run, StopWaitsForUserFunctions) {
  Latch running;
  std::atomic<bool> first{true};
  std::atomic<int> inside{0};
  const auto slow = std::make_shared<CallStep>("Slow",
                                               [&](const Rows& rows, const StepContext& context) -> Result<Rows> {
                                                 ++inside;
                                                 if (first.exchange(false)) running.open();
                                                 while (!context.is_cancelled()) std::this_thread::yield();
                                                 --inside;
                                                 return rows;
                                               });
  const auto run = start(int_plan(4, std::make_shared<CountingSource>(1, 10), {slow}));
  running.wait();
  run->stop();
  EXPECT_EQ(inside, 0);
  EXPECT_EQ(run->next().status().code(), ErrorCode::cancelled);
  EXPECT_TRUE(run->running_labels().empty());
}

TEST(Run, LeaseMayOutliveTheRun) {
  Run::Delivered kept;
  {
    const auto run = start(int_plan(50, std::make_shared<CountingSource>(1, 10), {pass()}));
    kept = *run->next();
  }
  EXPECT_EQ(int_values(kept.rows), counted(10));
}

TEST(Run, InfeasiblePlanDoesNotStart) {
  PhysicalPlan plan = int_plan(1, std::make_shared<CountingSource>(1, 10), {pass("Big")});
  plan.operators[1].num_gpus = 1;
  auto run = start_run(plan, make_embedded_engine({}).value_or_throw());
  ASSERT_FALSE(run.ok());
  EXPECT_EQ(run.status().code(), ErrorCode::infeasible);
  EXPECT_NE(run.status().text().find("Big"), std::string::npos);
}

TEST(Run, ObserverSeesEveryFragmentOnce) {
  std::mutex mutex;
  std::vector<FragmentTrace> traces;
  const auto run = start(int_plan(10, std::make_shared<CountingSource>(2, 10), {pass()}),
                         {.on_fragment = [&](const FragmentTrace& trace) {
                           const std::lock_guard lock(mutex);
                           traces.push_back(trace);
                         }});
  EXPECT_EQ(consume(*run).values, counted(200));
  run->stop();
  EXPECT_EQ(traces.size(), 30U);
  for (const FragmentTrace& trace : traces) {
    EXPECT_LE(trace.start_ns, trace.end_ns);
    EXPECT_FALSE(trace.failed);
  }
}

TEST(Run, RunsInsideAUserFunction) {
  const auto nested = std::make_shared<CallStep>("Nested", [&](const Rows& rows, const StepContext&) -> Result<Rows> {
    const auto inner = start(int_plan(3, std::make_shared<CountingSource>(1, 10), {pass()}));
    EXPECT_EQ(consume(*inner).values, counted(30));
    return rows;
  });
  const auto run = start(int_plan(10, std::make_shared<CountingSource>(1, 10), {nested}));
  EXPECT_EQ(consume(*run).values, counted(100));
}

}  // namespace
}  // namespace shoal::data
