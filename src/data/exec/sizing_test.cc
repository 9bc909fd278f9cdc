#include "data/exec/sizing.h"

#include <gtest/gtest.h>

#include "data/exec/testing/int_rows.h"

namespace shoal::data {
namespace {

std::shared_ptr<const Step> step(const std::string& label) {
  return std::make_shared<CallStep>(label, [](const Rows& rows, const StepContext&) -> Result<Rows> { return rows; });
}

PhysicalPlan plan() { return int_plan(4, std::make_shared<CountingSource>(1, 1), {step("A"), step("B")}); }

TEST(Sizing, StagesOfAPipelineNeedWorkingMemory) {
  PhysicalPlan each = plan();
  EXPECT_EQ(working_bytes(each.operators[0], 100), 0) << "a source makes what its credit pays for";
  EXPECT_EQ(working_bytes(each.operators[1], 100), 100);
  each.operators[0].pipeline = int_pipeline(std::make_shared<CountingSource>(1, 1), {step("A")});
  EXPECT_EQ(working_bytes(each.operators[0], 100), 200);
  each.operators[1].pipeline = int_pipeline(nullptr, {step("A"), step("")});
  EXPECT_EQ(working_bytes(each.operators[1], 100), 100) << "merging small pieces is no stage";
}

TEST(Sizing, ReservesNeverExceedHalfTheBudgetUnlessOneBlockDoes) {
  PhysicalPlan each = plan();
  each.num_cpus = 1000;
  each.block_bytes = 1;
  each.memory_budget = 600;
  EXPECT_EQ(memory_reserves(each), (std::vector<std::int64_t>{100, 100, 100}));
  each.block_bytes = 400;
  EXPECT_EQ(memory_reserves(each), (std::vector<std::int64_t>{400, 800, 800}));
}

TEST(Sizing, OneStepAboveTheRunIsInfeasibleByName) {
  PhysicalPlan each = plan();
  EXPECT_TRUE(check_feasible(each).ok());
  each.operators[2].num_cpus = 2.5;
  const Status status = check_feasible(each);
  EXPECT_EQ(status.code(), ErrorCode::infeasible);
  EXPECT_NE(status.text().find("B asks for 2.5"), std::string::npos) << status.text();
}

TEST(Sizing, PoolsThatTogetherCannotFitAreInfeasibleByName) {
  PhysicalPlan each = plan();
  each.num_gpus = 2;
  for (std::size_t i = 1; i <= 2; ++i) {
    each.operators[i].pool = Pool{0, 4};
    each.operators[i].num_gpus = 1;
  }
  EXPECT_TRUE(check_feasible(each).ok());
  each.operators[1].pool = Pool{2, 4};
  const Status status = check_feasible(each);
  EXPECT_EQ(status.code(), ErrorCode::infeasible);
  EXPECT_NE(status.text().find("A (2 x 1 GPUs), B"), std::string::npos) << status.text();
}

TEST(Sizing, NonsenseIsRefused) {
  const auto code = [](auto change) {
    PhysicalPlan each = plan();
    change(each);
    return check_feasible(each).code();
  };
  EXPECT_EQ(code([](PhysicalPlan& each) { each.operators.clear(); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code([](PhysicalPlan& each) { each.memory_budget = 0; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code([](PhysicalPlan& each) { each.operators[0].concurrency = 0; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code([](PhysicalPlan& each) { each.operators[0].window.offset = -1; }), ErrorCode::invalid_argument);
  EXPECT_EQ(code([](PhysicalPlan& each) { each.operators[0].pool = Pool{3, 2}; }), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace shoal::data
