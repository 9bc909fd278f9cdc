#include <array>

#include "data/rule/rule.h"

namespace shoal::data {

std::span<const Rule> all_rules() {
  static constexpr std::array rules = {
      Rule{"predicate pushdown", push_predicates},
      Rule{"limit pushdown", push_limits},
      Rule{"combine projections", combine_projections},
      Rule{"projection pushdown", push_projections},
  };
  return rules;
}

OptimizedPlan optimize(const NodePtr& plan) {
  OptimizedPlan optimized{.plan = plan, .changed_by = {}};
  for (const Rule& rule : all_rules()) {
    NodePtr next = rule.apply(optimized.plan);
    if (next == optimized.plan) continue;
    optimized.plan = std::move(next);
    optimized.changed_by.emplace_back(rule.name);
  }
  return optimized;
}

NodePtr rebuild(const NodePtr& input, std::span<const NodePtr> steps) {
  NodePtr plan = input;
  for (const NodePtr& step : steps) plan = step->input() == plan ? step : step->with_input(plan);
  return plan;
}

}  // namespace shoal::data
