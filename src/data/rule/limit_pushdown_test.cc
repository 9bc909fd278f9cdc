#include <gtest/gtest.h>

#include "data/op/limit.h"
#include "data/plan/testing/plans.h"
#include "data/rule/rule.h"

namespace shoal::data {
namespace {

NodePtr window(NodePtr input, std::int64_t offset, std::int64_t length) {
  return std::make_shared<WindowNode>(std::move(input), RowWindow{offset, length});
}

/// A source that cannot begin or end anywhere, as a listing.
class PlainSource final : public Node {
 public:
  std::string describe() const override { return "Plain"; }
  NodePtr with_input(NodePtr) const override { return nullptr; }
};

TEST(LimitPushdown, GoesBelowStepsThatKeepTheRowCount) {
  const NodePtr plan = window(map_node(map_node(std::make_shared<PlainSource>(), "f"), "g"), 0, 3);
  EXPECT_EQ(plan_text(push_limits(plan)), "Plain | Limit(3) | Map(f) | Map(g)");
}

TEST(LimitPushdown, StaysAboveStepsThatDoNot) {
  const NodePtr plan = window(batches_node(std::make_shared<PlainSource>(), "f"), 0, 3);
  EXPECT_EQ(push_limits(plan), plan);
}

TEST(LimitPushdown, StopsAtTheFirstStepThatDoesNot) {
  const NodePtr plan = window(map_node(batches_node(std::make_shared<PlainSource>(), "f"), "g"), 0, 3);
  EXPECT_EQ(plan_text(push_limits(plan)), "Plain | MapBatches(f) | Limit(3) | Map(g)");
}

TEST(LimitPushdown, JoinsLimitsOnTheWay) {
  const NodePtr plan = window(map_node(window(std::make_shared<PlainSource>(), 10, 20), "f"), 5, 100);
  EXPECT_EQ(plan_text(push_limits(plan)), "Plain | Window(15, 15) | Map(f)");
  EXPECT_EQ(plan_text(push_limits(window(window(std::make_shared<PlainSource>(), 0, 5), 7, 3))),
            "Plain | Window(7, 0)");
}

TEST(LimitPushdown, CutsASourceThatCanBeCut) {
  const NodePtr plan = window(map_node(range_node(100), "f"), 10, 5);
  const NodePtr pushed = push_limits(plan);
  EXPECT_EQ(chain_of(pushed).size(), 2U);
  EXPECT_EQ(known_rows(*pushed), 5);
}

TEST(LimitPushdown, KeepsAPlanWithoutLimits) {
  const NodePtr plan = map_node(range_node(3), "f");
  EXPECT_EQ(push_limits(plan), plan);
}

TEST(KeepOnlyCount, DropsTheLastRowForRowSteps) {
  const NodePtr batches = batches_node(range_node(3), "f");
  EXPECT_EQ(keep_only_count(map_node(map_node(batches, "g"), "h")), batches);
  EXPECT_EQ(keep_only_count(batches), batches);
}

}  // namespace
}  // namespace shoal::data
