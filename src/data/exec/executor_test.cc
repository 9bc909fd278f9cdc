#include "data/exec/executor.h"

#include <gtest/gtest.h>

#include "data/exec/limits.h"
#include "data/exec/testing/int_rows.h"

namespace shoal::data {
namespace {

constexpr std::int64_t k_block = 100;

std::shared_ptr<const Step> step_named(const std::string& label) {
  return std::make_shared<CallStep>(label, [](const Rows& rows, const StepContext&) -> Result<Rows> { return rows; });
}
std::shared_ptr<const Step> model() {
  return std::make_shared<CallStep>("Model",
                                    CallStep::Make([]() -> Result<CallStep::Call> { return CallStep::Call(); }));
}

PhysicalPlan two_operators(std::int64_t splits = 10) {
  PhysicalPlan plan = int_plan(splits, std::make_shared<CountingSource>(1, 1), {step_named("Map")});
  plan.block_bytes = k_block;
  plan.memory_budget = 100 * k_block;
  plan.num_cpus = 2;
  return plan;
}

/// An executor whose driver is the test.
class Harness {
 public:
  explicit Harness(PhysicalPlan plan) : executor(std::move(plan)) {
    executor.start(now);
    take();
  }

  void event(EngineEvent what) {
    executor.on_event(std::move(what), ++now);
    take();
  }
  void demand() {
    executor.on_demand(++now);
    take();
  }
  BlockInfo item(FragmentId fragment, std::int64_t rows = 1, std::int64_t bytes = k_block) {
    const BlockInfo block{BlockId{++last_block_}, rows, bytes};
    event(Item{fragment, block});
    return block;
  }
  /// The fragment gives one block and ends.
  void complete(FragmentId fragment) {
    item(fragment);
    event(Done{fragment, {}});
  }
  void take() {
    executor.take_actions(last, now);
    for (const Action& action : last) {
      if (const auto* submit = std::get_if<SubmitFragment>(&action)) submitted.push_back(submit->spec);
      if (const auto* grant = std::get_if<GrantCredit>(&action)) granted.push_back(grant->fragment);
      if (const auto* create = std::get_if<CreateActor>(&action)) created.push_back(create->actor);
      if (const auto* kill = std::get_if<KillActor>(&action)) killed.push_back(kill->actor);
      if (const auto* cancel = std::get_if<CancelFragment>(&action)) cancelled.push_back(cancel->fragment);
      if (const auto* block = std::get_if<DeliverBlock>(&action)) delivered.push_back(block->block);
      if (const auto* finish = std::get_if<FinishRun>(&action)) outcome = finish->status;
    }
  }
  /// The only fragment of an operator that was submitted for this ordinal last.
  const FragmentSpec& fragment(const std::string& label, std::int64_t ordinal) const {
    for (std::size_t i = submitted.size(); i-- > 0;) {
      if (submitted[i].pipeline->label == label && submitted[i].ordinal == ordinal) return submitted[i];
    }
    throw std::out_of_range(label);
  }
  OperatorReport report(std::size_t op) const { return executor.report(now).operators[op]; }

  Executor executor;
  TimeNs now = 0;
  Actions last;
  std::vector<FragmentSpec> submitted;
  std::vector<FragmentId> granted, cancelled;
  std::vector<ActorId> created, killed;
  std::vector<Block> delivered;
  std::optional<Status> outcome;

 private:
  std::uint64_t last_block_ = 0;
};

TEST(Executor, RunsAsManyAsThereAreCpusAndSubmitsAFewAhead) {
  const Harness run(two_operators());
  EXPECT_EQ(run.granted.size(), 2U);
  EXPECT_EQ(run.submitted.size(), 2U + k_submitted_ahead);
  EXPECT_EQ(run.report(0).running, 2);
  EXPECT_EQ(run.report(0).waits_for, WaitReason::slot);
  EXPECT_EQ(run.report(1).waits_for, WaitReason::input);
}

TEST(Executor, OperatorNearestToTheConsumerRunsFirst) {
  Harness run(two_operators());
  run.complete(run.fragment("Count", 0).id);
  EXPECT_EQ(run.granted.back(), run.fragment("Map", 0).id);
}

TEST(Executor, LaterFragmentsWaitForTheirTurn) {
  Harness run(two_operators());
  run.complete(run.fragment("Count", 1).id);
  EXPECT_EQ(run.report(1).queued, 0);
  run.complete(run.fragment("Count", 0).id);
  EXPECT_EQ(run.fragment("Map", 0).inputs[0].id, BlockId{2});
  EXPECT_EQ(run.fragment("Map", 1).inputs[0].id, BlockId{1});
}

TEST(Executor, GivesAndTakesCreditByTheBlock) {
  Harness run(two_operators(1));
  EXPECT_EQ(run.report(0).memory, k_block);
  run.item(run.fragment("Count", 0).id, 1, 30);
  EXPECT_EQ(run.report(0).memory, 30 + k_block) << "the block, and the credit for the next one";
  run.event(Done{run.fragment("Count", 0).id, {}});
  EXPECT_EQ(run.report(0).memory, 30);
  const FragmentId map = run.fragment("Map", 0).id;
  EXPECT_EQ(run.report(1).memory, 2 * k_block) << "credit and working memory";
  run.item(map, 1, 50);
  run.event(Done{map, {}});
  EXPECT_EQ(run.report(0).memory, 0) << "the fragment that read the block is over";
  run.demand();
  ASSERT_EQ(run.delivered.size(), 1U);
  EXPECT_EQ(run.report(1).memory, 50) << "the consumer still has it";
  run.executor.on_released(50, ++run.now);
  EXPECT_EQ(run.report(1).memory, 0);
}

TEST(Executor, OverTheBudgetOnlyTheNeededFragmentRuns) {
  PhysicalPlan plan = two_operators();
  plan.memory_budget = 1;
  Harness run(plan);
  EXPECT_EQ(run.granted, std::vector<FragmentId>{run.fragment("Count", 0).id});
  run.item(run.fragment("Count", 0).id);
  EXPECT_EQ(run.report(0).running, 0) << "its output is not used up";
  EXPECT_EQ(run.report(0).waits_for, WaitReason::output_budget);
  const FragmentId map = run.fragment("Map", 0).id;
  run.complete(map);
  EXPECT_EQ(run.report(0).running, 1) << "now it is";
  EXPECT_EQ(run.executor.report(run.now).memory_used, 2 * k_block);
}

TEST(Executor, SaysThatItWaitsForTheConsumer) {
  PhysicalPlan plan = two_operators(3);
  plan.operators[1].queued_blocks_max = 1;
  Harness run(plan);
  for (std::int64_t i = 0; i < 2; ++i) run.complete(run.fragment("Count", i).id);
  run.complete(run.fragment("Map", 0).id);
  EXPECT_EQ(run.report(1).waits_for, WaitReason::consumer);
  run.now += 1000;
  run.demand();
  EXPECT_GE(run.report(1).waited_ns[static_cast<std::size_t>(WaitReason::consumer)], 1000);
  EXPECT_EQ(run.report(1).waited_ns[static_cast<std::size_t>(WaitReason::none)], 0);
}

TEST(Executor, NewAttemptSkipsWhatWasDelivered) {
  PhysicalPlan plan = two_operators();
  plan.operators[0].retries = 1;
  Harness run(plan);
  const FragmentId first = run.fragment("Count", 0).id;
  run.item(first);
  run.event(Failed{first, Status(ErrorCode::user_function, "once")});
  const FragmentSpec& second = run.fragment("Count", 0);
  EXPECT_NE(second.id, first);
  EXPECT_EQ(second.attempt, 1);
  EXPECT_EQ(second.skip_items, 1);
  run.event(Failed{second.id, Status(ErrorCode::user_function, "twice")});
  run.complete(run.fragment("Map", 0).id);
  run.demand();
  ASSERT_TRUE(run.outcome);
  EXPECT_EQ(run.outcome->code(), ErrorCode::user_function);
  EXPECT_NE(run.outcome->text().find("Count, fragment 0, after 2 attempts: twice"), std::string::npos);
  EXPECT_EQ(run.report(0).retries, 1);
}

TEST(Executor, ErrorStandsInTheOrderLikeABlock) {
  Harness run(two_operators());
  run.event(Failed{run.fragment("Count", 1).id, Status(ErrorCode::corrupt_data, "bad")});
  EXPECT_FALSE(run.outcome) << "the fragment before may give all that is wanted";
  EXPECT_EQ(run.cancelled, (std::vector<FragmentId>{run.fragment("Count", 2).id, run.fragment("Count", 3).id}));
  const auto submitted = run.submitted.size();
  run.complete(run.fragment("Count", 0).id);
  EXPECT_EQ(run.submitted.size(), submitted + 1) << "Map, and no more counting";
  run.complete(run.fragment("Map", 0).id);
  EXPECT_FALSE(run.outcome) << "the consumer has not had the block before";
  run.demand();
  EXPECT_EQ(run.delivered.size(), 1U);
  ASSERT_TRUE(run.outcome) << "fragments that are slow to cancel are not waited for";
  EXPECT_EQ(run.outcome->code(), ErrorCode::corrupt_data);
}

TEST(Executor, FirstErrorInTheOrderWins) {
  Harness run(two_operators());
  run.event(Failed{run.fragment("Count", 1).id, Status(ErrorCode::corrupt_data, "second")});
  run.event(Failed{run.fragment("Count", 0).id, Status(ErrorCode::user_function, "first")});
  ASSERT_TRUE(run.outcome);
  EXPECT_EQ(run.outcome->code(), ErrorCode::user_function);
}

TEST(Executor, ErrorBehindALimitIsNone) {
  PhysicalPlan plan = two_operators();
  plan.operators[1].window = {.length = 6};
  Harness run(plan);
  run.complete(run.fragment("Count", 0).id);
  run.item(run.fragment("Map", 0).id, 1);  // so that more than one fragment is wanted
  run.event(Done{run.fragment("Map", 0).id, {}});
  run.event(Failed{run.fragment("Count", 2).id, Status(ErrorCode::corrupt_data, "bad")});
  run.complete(run.fragment("Count", 1).id);
  run.item(run.fragment("Map", 1).id, 5);
  run.demand();
  run.demand();
  ASSERT_TRUE(run.outcome);
  EXPECT_TRUE(run.outcome->ok()) << run.outcome->text();
}

TEST(Executor, CountsWhatFailedAndCancelledFragmentsDid) {
  PhysicalPlan plan = two_operators();
  plan.operators[0].retries = 1;
  Harness run(plan);
  FragmentStats stats{.wall_ns = 5, .cpu_ns = 4, .counters = {.bytes_read = 10, .requests = 2}};
  run.event(Failed{run.fragment("Count", 0).id, Status(ErrorCode::unavailable, "down"), false, stats});
  run.executor.cancel(Status(ErrorCode::cancelled, "enough"), ++run.now);
  run.take();
  run.event(Failed{run.fragment("Count", 1).id, Status(ErrorCode::cancelled, "enough"), false, stats});
  EXPECT_EQ(run.report(0).requests, 4);
  EXPECT_EQ(run.report(0).bytes_read, 20);
  EXPECT_EQ(run.report(0).wall_ns.total, 10);
  ASSERT_TRUE(std::holds_alternative<TraceFragment>(run.last.front()));
  EXPECT_TRUE(std::get<TraceFragment>(run.last.front()).trace.cancelled);
  EXPECT_FALSE(std::get<TraceFragment>(run.last.front()).trace.failed);
}

TEST(Executor, LostWorkersAreRetriedBesides) {
  Harness run(two_operators());
  for (int loss = 0; loss < k_system_retries; ++loss) {
    run.event(Failed{run.fragment("Count", 0).id, Status(ErrorCode::worker_died, "lost"), true});
    EXPECT_FALSE(run.outcome);
  }
  run.event(Failed{run.fragment("Count", 0).id, Status(ErrorCode::worker_died, "lost"), true});
  ASSERT_TRUE(run.outcome);
  EXPECT_EQ(run.outcome->code(), ErrorCode::worker_died);
}

TEST(Executor, EndOfARunLeavesNothingBehind) {
  Harness run(two_operators());
  run.complete(run.fragment("Count", 0).id);
  const auto live = run.submitted.size() - 1;
  run.executor.cancel(Status(ErrorCode::cancelled, "enough"), ++run.now);
  run.take();
  EXPECT_EQ(run.outcome->code(), ErrorCode::cancelled);
  EXPECT_EQ(run.cancelled.size(), live);
  EXPECT_FALSE(run.executor.drained());
  run.item(run.cancelled[0]);
  EXPECT_TRUE(std::holds_alternative<DropBlock>(run.last.front())) << "a late block is dropped";
  for (const FragmentId fragment : run.cancelled)
    run.event(Failed{fragment, Status(ErrorCode::cancelled, "cancelled")});
  EXPECT_TRUE(run.executor.drained());
  EXPECT_EQ(run.executor.report(run.now).memory_used, 0);
}

TEST(Executor, WindowCancelsWhatOnlyMakesDroppedRows) {
  PhysicalPlan plan = two_operators(1000);
  plan.operators[1].window = {.length = 1};
  Harness run(plan);
  EXPECT_EQ(run.report(0).running, 1) << "one block may be enough";
  run.complete(run.fragment("Count", 0).id);
  run.item(run.fragment("Map", 0).id, 5);
  run.demand();
  ASSERT_EQ(run.delivered.size(), 1U);
  EXPECT_EQ(run.delivered[0].rows, 1);
  EXPECT_TRUE(run.outcome && run.outcome->ok());
  EXPECT_FALSE(run.cancelled.empty());
}

TEST(Executor, StartsNoReadsThatALimitMayNotNeed) {
  PhysicalPlan plan = two_operators(1000);
  plan.operators[1].window = {.length = 1};
  Harness run(plan);
  EXPECT_EQ(run.submitted.size(), 1U) << "what is submitted begins to read";
  run.complete(run.fragment("Count", 0).id);
  EXPECT_EQ(run.submitted.size(), 2U) << "its block is not used up";
  run.event(Done{run.fragment("Map", 0).id, {}});
  EXPECT_GE(run.submitted.size(), 3U) << "it gave no row";
}

TEST(Executor, EmptyWindowStartsNothing) {
  PhysicalPlan plan = two_operators();
  plan.operators[1].window = {.length = 0};
  const Harness run(plan);
  EXPECT_TRUE(run.submitted.empty());
  EXPECT_TRUE(run.outcome && run.outcome->ok());
}

PhysicalPlan pooled(Pool pool) {
  PhysicalPlan plan = int_plan(6, std::make_shared<CountingSource>(1, 1), {model()});
  plan.operators[1].pool = pool;
  plan.num_cpus = 8;
  return plan;
}

TEST(Executor, PoolGrowsWithItsQueueAndShrinksWhenIdle) {
  Harness run(pooled({0, 2}));
  EXPECT_TRUE(run.created.empty());
  run.complete(run.fragment("Count", 0).id);
  EXPECT_EQ(run.created.size(), 1U);
  run.complete(run.fragment("Count", 1).id);
  run.complete(run.fragment("Count", 2).id);
  EXPECT_EQ(run.created.size(), 2U) << "no more than its maximum";
  EXPECT_EQ(run.report(1).waits_for, WaitReason::slot);
  for (const ActorId actor : std::vector<ActorId>(run.created)) run.event(ActorUp{actor});
  run.complete(run.fragment("Model", 0).id);
  EXPECT_EQ(run.fragment("Model", 2).actor, run.created[0]);
  run.complete(run.fragment("Model", 1).id);
  run.complete(run.fragment("Model", 2).id);
  ASSERT_TRUE(run.executor.next_timer());
  run.now = *run.executor.next_timer() + k_actor_idle_ns;
  run.executor.on_timer(run.now);
  run.take();
  EXPECT_EQ(run.killed.size(), 2U);
  EXPECT_EQ(run.report(1).actors, 0);
}

TEST(Executor, LostPoolWorkersAreRestartedAFewTimes) {
  Harness run(pooled({1, 1}));
  for (int loss = 0; loss < k_system_retries; ++loss) {
    run.event(ActorDown{run.created.back(), Status(ErrorCode::worker_died, "lost")});
    EXPECT_FALSE(run.outcome);
  }
  EXPECT_EQ(run.created.size(), 1U + k_system_retries);
  run.event(ActorDown{run.created.back(), Status(ErrorCode::worker_died, "lost")});
  ASSERT_TRUE(run.outcome);
  EXPECT_EQ(run.outcome->code(), ErrorCode::worker_died);
}

TEST(Executor, WithoutOrderBlocksGoOnAsTheyCome) {
  PhysicalPlan plan = two_operators();
  plan.operators[0].preserve_order = false;
  Harness run(plan);
  run.complete(run.fragment("Count", 1).id);
  EXPECT_EQ(run.fragment("Map", 0).inputs[0].id, BlockId{1});
}

TEST(Executor, ListingDoesNotRunFarAhead) {
  PhysicalPlan plan = two_operators(1000);
  plan.operators[0].num_cpus = 0;
  plan.operators[0].queued_blocks_max = 4;
  plan.memory_budget = 100'000 * k_block;
  Harness run(plan);
  for (std::size_t i = 0; i < run.granted.size(); ++i) {
    if (i == 100) break;  // it would go on for ever
    const FragmentId next = run.granted[i];
    bool is_listing = false;
    for (const FragmentSpec& spec : run.submitted) is_listing |= spec.id == next && spec.inputs.empty();
    if (is_listing) run.complete(next);
  }
  EXPECT_LE(run.report(0).blocks, 4 + 2 + k_submitted_ahead + 1) << "its limit, and what the next one took";
  EXPECT_EQ(run.report(0).waits_for, WaitReason::output_budget);
}

}  // namespace
}  // namespace shoal::data
