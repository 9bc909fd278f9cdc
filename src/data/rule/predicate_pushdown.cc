#include "data/rule/rule.h"

namespace shoal::data {

NodePtr push_predicates(const NodePtr& plan) {
  const std::vector<NodePtr> chain = chain_of(plan);
  for (std::size_t i = 1; i < chain.size(); ++i) {
    const auto* filter = dynamic_cast<const HasPredicate*>(chain[i].get());
    const auto* reader = dynamic_cast<const AcceptsPredicate*>(chain[i - 1].get());
    if (filter == nullptr || reader == nullptr) continue;
    const NodePtr filtered = reader->with_predicate(filter->predicate());
    if (filtered == nullptr) continue;
    return push_predicates(rebuild(filtered, std::span(chain).subspan(i + 1)));
  }
  return plan;
}

}  // namespace shoal::data
