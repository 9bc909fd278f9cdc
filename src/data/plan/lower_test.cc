#include "data/plan/lower.h"

#include <gtest/gtest.h>

#include "data/op/limit.h"
#include "data/op/select.h"
#include "data/plan/explain.h"
#include "data/plan/materialize.h"
#include "data/plan/testing/plans.h"

namespace shoal::data {
namespace {

RunSettings settings() {
  RunSettings out;
  out.num_cpus = 16;
  out.num_gpus = 1;
  out.memory_budget = 1 << 30;
  out.block_bytes = 1 << 24;
  out.parallelism = 4;
  return out;
}

/// A line of what the plan becomes.
std::string line_of(const NodePtr& plan, const RunSettings& with = settings()) {
  PhysicalPlan physical;
  auto operators = lower_operators(plan, with);
  if (!operators.ok()) return std::string(to_string(operators.status().code()));
  physical.operators = std::move(operators).value();
  return plan_line(physical);
}

StepOptions cpus(double n) { return {.num_cpus = n}; }

NodePtr limit(NodePtr input, std::int64_t rows) {
  return std::make_shared<WindowNode>(std::move(input), RowWindow{0, rows});
}

std::string source_label() { return range_node(1)->source()->label(); }

TEST(Lower, FusesStepsOfEqualResources) {
  EXPECT_EQ(line_of(batches_node(map_node(range_node(10), "f"), "g", cpus(1))),
            source_label() + "+Map(f)+MapBatches(g)");
}

TEST(Lower, SeparatesStepsOfOtherResources) {
  const NodePtr two = batches_node(range_node(10), "f", cpus(2));
  const NodePtr pool = batches_node(two, "g", {.pool = {2, 4}});
  EXPECT_EQ(line_of(batches_node(pool, "h", cpus(1))),
            source_label() + " -> MapBatches(f) -> MapBatches(g) -> MapBatches(h)");
  EXPECT_EQ(line_of(map_node(map_node(range_node(1), "f"), "g", {.retries = 2})), source_label() + "+Map(f) -> Map(g)");
  EXPECT_EQ(line_of(map_node(map_node(range_node(1), "f"), "g", {.concurrency = 2})),
            source_label() + "+Map(f) -> Map(g)");
}

TEST(Lower, StepsWithoutOptionsGoUpstream) {
  const NodePtr pool = batches_node(range_node(10), "f", {.pool = {2, 4}});
  const auto operators = lower_operators(*make_select(pool, {"id"}), settings());
  ASSERT_TRUE(operators.ok());
  ASSERT_EQ(operators->size(), 2U);
  EXPECT_EQ((*operators)[1].pool, (Pool{2, 4}));
}

TEST(Lower, TheSwitchTurnsFusionOff) {
  RunSettings unfused = settings();
  unfused.fuse = false;
  EXPECT_EQ(line_of(map_node(map_node(range_node(1), "f"), "g"), unfused), source_label() + " -> Map(f) -> Map(g)");
}

TEST(Lower, LimitsBecomeTheWindowOfTheirOperator) {
  const NodePtr plan = map_node(limit(limit(batches_node(range_node(100), "f"), 20), 10), "g");
  EXPECT_EQ(line_of(plan), source_label() + "+MapBatches(f) -> Limit -> Map(g)");
  const auto operators = lower_operators(plan, settings());
  ASSERT_TRUE(operators.ok());
  EXPECT_EQ((*operators)[0].window, (RowWindow{0, 10}));
  EXPECT_TRUE((*operators)[1].window.is_everything());
}

TEST(Lower, ClassStepsGetAPoolThatTheCpusCanRun) {
  auto spec = lambda_spec(detail::FunctionKind::map_batches, "C", same_rows);
  spec->has_state = true;
  const auto pool_of = [&](StepOptions options) {
    const auto operators = lower_operators(std::make_shared<MapNode>(range_node(1), spec, std::move(options)),
                                           settings());
    return operators->back().pool.value();
  };
  EXPECT_EQ(pool_of({}), (Pool{1, 16}));
  EXPECT_EQ(pool_of(cpus(4)), (Pool{1, 4}));
  EXPECT_EQ(pool_of({.num_gpus = 0.5}), (Pool{1, 2}));
  EXPECT_EQ(pool_of({.pool = {0, 3}}), (Pool{0, 3}));
}

TEST(Lower, AStepTakesNoMoreCpusThanTheRunHas) {
  RunSettings half = settings();
  half.num_cpus = 0.5;
  const auto operators = lower_operators(batches_node(range_node(1), "f"), half);
  ASSERT_TRUE(operators.ok()) << operators.status().text();
  for (const PhysicalOperator& op : *operators) EXPECT_EQ(op.num_cpus, 0.5);
}

TEST(Lower, RefusesWrongOptions) {
  const auto code = [](StepOptions options) { return line_of(batches_node(range_node(1), "f", std::move(options))); };
  EXPECT_EQ(code({.batch_size = 0}), "invalid_argument");
  EXPECT_EQ(code({.num_cpus = -1}), "invalid_argument");
  EXPECT_EQ(code({.concurrency = 0}), "invalid_argument");
  EXPECT_EQ(code({.pool = {3, 2}}), "invalid_argument");
  EXPECT_EQ(code({.retries = -1}), "invalid_argument");
  EXPECT_EQ(code({.num_cpus = 17}), "infeasible");
  EXPECT_EQ(code({.num_gpus = 2}), "infeasible");
  EXPECT_EQ(code({.pool = {2, 2}, .num_gpus = 1}), "infeasible");
  EXPECT_EQ(code({.isolation = Isolation::processes}), "unsupported");
}

RunSettings in_processes() {
  RunSettings out = settings();
  out.has_processes = true;
  out.isolation = Isolation::processes;
  return out;
}

TEST(Lower, TakesTheRunsIsolationWhereAStepDoesNotSay) {
  const auto operators = lower_operators(*make_select(range_node(1), {"id"}), in_processes());
  ASSERT_TRUE(operators.ok()) << operators.status().text();
  ASSERT_EQ(operators->size(), 1U);
  EXPECT_EQ(operators->front().pipeline->isolation, Isolation::processes);
}

/// These functions of tests cannot travel.
TEST(Lower, LeavesWhatCannotTravelInThreadsUnlessAsked) {
  const auto operators = lower_operators(batches_node(range_node(1), "f"), in_processes());
  ASSERT_TRUE(operators.ok()) << operators.status().text();
  ASSERT_EQ(operators->size(), 2U);
  EXPECT_EQ(operators->front().pipeline->isolation, Isolation::processes);
  EXPECT_EQ(operators->back().pipeline->isolation, Isolation::threads);
  EXPECT_EQ(line_of(batches_node(range_node(1), "f", {.isolation = Isolation::processes}), in_processes()),
            "unsupported");
}

TEST(Lower, LeavesWhatTakesNoCpuInThreads) {
  const auto operators = lower_operators(batches_node(range_node(1), "f", cpus(0)), in_processes());
  ASSERT_TRUE(operators.ok()) << operators.status().text();
  EXPECT_EQ(operators->back().pipeline->isolation, Isolation::threads);
}

TEST(Lower, AsksTheSourceForItsSplits) {
  const auto plan = lower(range_node(100), settings());
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->source_splits, 4);
  EXPECT_EQ(plan->memory_budget, 1 << 30);
}

TEST(Explain, ShowsPlanRulesAndOperatorsAndRunsNothing) {
  const NodePtr plan = limit(map_node(range_node(100), "f"), 10);
  const std::string text = explain(plan, settings());
  EXPECT_NE(text.find("Limit(10)"), std::string::npos) << text;
  EXPECT_NE(text.find("limit pushdown"), std::string::npos) << text;
  EXPECT_NE(text.find(source_label() + "+Map(f)"), std::string::npos) << text;
}

TEST(Explain, ShowsWhatADeferredStepIsMadeFrom) {
  const NodePtr plan = map_node(std::make_shared<MaterializeNode>(map_node(range_node(3), "f")), "g");
  const std::string text = explain(plan, settings());
  EXPECT_NE(text.find("Map(f)"), std::string::npos) << text;
  EXPECT_NE(text.find("Materialize+Map(g)"), std::string::npos) << text;
}

TEST(Explain, ShowsWhyAPlanCannotRun) {
  EXPECT_NE(explain(map_node(range_node(1), "f", {.num_gpus = 9}), settings()).find("cannot run"), std::string::npos);
}

TEST(Summarize, ShowsWhatIsKnown) {
  EXPECT_EQ(summarize(map_node(range_node(100), "f"), settings()), "Dataset(rows = 100, blocks = 4, schema = unknown)");
  EXPECT_EQ(summarize(range_node(100), settings()), "Dataset(rows = 100, blocks = 4, schema = {id: int64})");
  EXPECT_EQ(summarize(batches_node(range_node(100), "f"), settings()),
            "Dataset(rows = unknown, blocks = 4, schema = unknown)");
}

}  // namespace
}  // namespace shoal::data
