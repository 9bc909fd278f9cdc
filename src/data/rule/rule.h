#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/plan/node.h"

namespace shoal::data {

/// A rewrite of a plan that keeps its result: a pure function, which returns its argument where it changes nothing.
/// A new rule is one file here and one line in rules.cc.
struct Rule {
  std::string_view name;
  NodePtr (*apply)(const NodePtr& plan);
};

/// Takes limits to the source, through steps that give one row for each row, so that what they drop is never made.
/// Several limits on the way become one.
NodePtr push_limits(const NodePtr& plan);
/// Joins a select with the select it stands on.
NodePtr combine_projections(const NodePtr& plan);
/// Lets a reader read only the columns that the steps up to a select need.
NodePtr push_projections(const NodePtr& plan);
/// Lets a reader leave out the rows that a filter(Expr) directly above it drops.
NodePtr push_predicates(const NodePtr& plan);
/// For plans whose rows are only counted: drops the last steps as far as they give one row for each row.
NodePtr keep_only_count(const NodePtr& plan);

/// The rules of every run in the order in which they are applied.
std::span<const Rule> all_rules();

struct OptimizedPlan {
  NodePtr plan;
  std::vector<std::string> changed_by;  ///< Names of the rules that changed something.
};
OptimizedPlan optimize(const NodePtr& plan);

/// `steps` (source side first) built anew on `input`.
NodePtr rebuild(const NodePtr& input, std::span<const NodePtr> steps);

}  // namespace shoal::data
