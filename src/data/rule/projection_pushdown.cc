#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "data/rule/rule.h"

namespace shoal::data {
namespace {

const SelectsColumns* as_select(const NodePtr& node) { return dynamic_cast<const SelectsColumns*>(node.get()); }

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The source's columns that are needed, in the source's order.
std::vector<std::string> narrowed(const arrow::Schema& schema, const std::vector<std::string>& needed) {
  std::vector<std::string> columns;
  for (const auto& field : schema.fields()) {
    if (contains(needed, field->name())) columns.push_back(field->name());
  }
  return columns;
}

/// Whether `upper` names only columns that `lower` keeps; where it does not, the error must stay.
bool is_part_of(const std::vector<std::string>& upper, const std::vector<std::string>& lower) {
  return std::all_of(upper.begin(), upper.end(), [&](const std::string& name) { return contains(lower, name); });
}

}  // namespace

NodePtr combine_projections(const NodePtr& plan) {
  const std::vector<NodePtr> chain = chain_of(plan);
  for (std::size_t i = chain.size(); i-- > 1;) {
    const SelectsColumns* upper = as_select(chain[i]);
    const SelectsColumns* lower = as_select(chain[i - 1]);
    if (upper == nullptr || lower == nullptr || !is_part_of(upper->selected(), lower->selected())) continue;
    const NodePtr joined = chain[i]->with_input(chain[i - 1]->input());
    return combine_projections(rebuild(joined, std::span(chain).subspan(i + 1)));
  }
  return plan;
}

NodePtr push_projections(const NodePtr& plan) {
  const std::vector<NodePtr> chain = chain_of(plan);
  std::size_t reader = 0;
  while (reader < chain.size() && dynamic_cast<const AcceptsProjection*>(chain[reader].get()) == nullptr) ++reader;
  if (reader == chain.size()) return plan;

  std::size_t select = reader + 1;
  while (select < chain.size() && as_select(chain[select]) == nullptr) ++select;
  if (select == chain.size()) return plan;
  std::vector<std::string> needed = as_select(chain[select])->selected();
  bool all_must_exist = true;
  for (std::size_t i = select; --i > reader;) {
    all_must_exist = all_must_exist && !chain[i]->may_lack_columns();
    auto below = chain[i]->needed_columns(needed);
    if (!below) return plan;
    needed = std::move(*below);
  }
  if (const SchemaPtr schema = known_schema(*chain[reader])) {
    needed = narrowed(*schema, needed);
    if (needed.size() == static_cast<std::size_t>(schema->num_fields())) return plan;
  } else if (!all_must_exist) {
    return plan;
  }
  const NodePtr narrow = dynamic_cast<const AcceptsProjection&>(*chain[reader]).with_columns(needed);
  if (narrow == nullptr) return plan;
  return rebuild(narrow, std::span(chain).subspan(reader + 1));
}

}  // namespace shoal::data
