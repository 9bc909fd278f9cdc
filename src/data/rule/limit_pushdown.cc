#include "data/op/limit.h"
#include "data/rule/rule.h"

namespace shoal::data {
namespace {

/// `window` over `input`, at the lowest place where it gives the same rows.
NodePtr place_window(const NodePtr& input, const RowWindow& window) {
  if (!input->window().is_everything()) return place_window(input->input(), compose(input->window(), window));
  if (const auto* source = dynamic_cast<const AcceptsWindow*>(input.get())) {
    if (NodePtr cut = source->with_window(window)) return cut;
  }
  if (input->input() != nullptr && input->keeps_row_count()) {
    return input->with_input(place_window(input->input(), window));
  }
  return std::make_shared<WindowNode>(input, window);
}

}  // namespace

NodePtr push_limits(const NodePtr& plan) {
  NodePtr result;
  bool changed = false;
  for (const NodePtr& node : chain_of(plan)) {
    if (node->window().is_everything()) {
      result = result == node->input() ? node : node->with_input(result);
      continue;
    }
    const NodePtr placed = place_window(result, node->window());
    const bool stays = placed->input() == result && placed->window() == node->window();
    changed = changed || !stays;
    result = stays && result == node->input() ? node : placed;
  }
  return changed ? result : plan;
}

}  // namespace shoal::data
