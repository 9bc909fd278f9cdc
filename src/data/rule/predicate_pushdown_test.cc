#include <gtest/gtest.h>

#include <shoal/data/expr.h>

#include "data/op/filter_expr.h"
#include "data/plan/testing/plans.h"
#include "data/rule/rule.h"

namespace shoal::data {
namespace {

class FilteringReader final : public Node, public AcceptsPredicate {
 public:
  explicit FilteringReader(std::string filters = {}) : filters_(std::move(filters)) {}
  std::string describe() const override { return "Read(" + filters_ + ")"; }
  NodePtr with_input(NodePtr) const override { return nullptr; }
  NodePtr with_predicate(const Expr& predicate) const override {
    if (predicate.columns() == std::vector<std::string>{"hard"}) return nullptr;
    return std::make_shared<FilteringReader>(filters_ + "[" + predicate.to_string() + "]");
  }

 private:
  std::string filters_;
};

TEST(PredicatePushdown, MovesFiltersIntoTheReader) {
  const NodePtr reader = std::make_shared<FilteringReader>();
  const NodePtr plan = map_node(make_filter(make_filter(reader, col("a") > 1), col("b") < 2), "f");
  EXPECT_EQ(plan_text(push_predicates(plan)),
            "Read([" + (col("a") > 1).to_string() + "][" + (col("b") < 2).to_string() + "]) | Map(f)");
}

TEST(PredicatePushdown, KeepsFiltersThatStandHigherOrThatTheReaderRefuses) {
  const NodePtr reader = std::make_shared<FilteringReader>();
  const NodePtr higher = make_filter(map_node(reader, "f"), col("a") > 1);
  EXPECT_EQ(push_predicates(higher), higher);
  const NodePtr refused = make_filter(reader, col("hard") > 1);
  EXPECT_EQ(push_predicates(refused), refused);
}

}  // namespace
}  // namespace shoal::data
