#include "sched/placement.h"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "sched/gpu_slots.h"

namespace shoal::sched {
namespace {

using wire::StrategyKind;

/// The largest used part of one resource, in millionths.
std::int64_t used_share(const NodeView& node) {
  Resources used = *node.total;
  subtract(used, *node.available);
  return is_zero(used) ? 0 : dominant_share(used, *node.total);
}

/// Lower is better.
using Rank = std::tuple<std::int64_t, std::int64_t, std::uint32_t>;

Rank rank(const NodeView& node, StrategyKind kind, std::uint32_t asker) {
  if (kind == StrategyKind::spread) return {node.of_kind, used_share(node), node.node};
  return {node.node == asker ? 0 : 1, -used_share(node), node.node};
}

/// How much of the demand a node lacks: resources, then the sum of their missing parts in millionths.
std::pair<std::size_t, std::int64_t> lacks(const Resources& demand, const Resources& total) {
  std::pair<std::size_t, std::int64_t> lack{0, 0};
  for (const Amount& each : amounts(demand)) {
    const std::int64_t has = amount_of(total, each);
    if (has >= each.amount) continue;
    ++lack.first;
    lack.second += static_cast<std::int64_t>((1.0 - static_cast<double>(has) / static_cast<double>(each.amount)) * 1e6);
  }
  return lack;
}

std::string nearest_fit(const Resources& demand, std::span<const NodeView> nodes) {
  const auto nearest = std::min_element(nodes.begin(), nodes.end(), [&](const NodeView& a, const NodeView& b) {
    return std::pair(lacks(demand, *a.total), a.node) < std::pair(lacks(demand, *b.total), b.node);
  });
  std::string has;
  for (const Amount& each : amounts(demand)) {
    const Amount there{each.kind, each.name, amount_of(*nearest->total, each)};
    has += (has.empty() ? "" : ", ") + to_string(there);
  }
  return fmt::format("wants {}; no node has all of it, n{} comes nearest with {}", to_string(demand), nearest->node,
                     has);
}

/// Of those with room the best; where none has, of those that are large enough. `nodes` has one that is.
Placement best(const Resources& demand, StrategyKind kind, std::uint32_t asker, std::span<const NodeView> nodes) {
  const NodeView* chosen = nullptr;
  std::pair<bool, Rank> lowest;
  for (const NodeView& node : nodes) {
    if (!fits(demand, *node.total)) continue;
    const std::pair<bool, Rank> here{!fits(demand, *node.available), rank(node, kind, asker)};
    if (chosen != nullptr && here >= lowest) continue;
    chosen = &node;
    lowest = here;
  }
  assert(chosen != nullptr);
  return {lowest.first ? Placement::Outcome::later : Placement::Outcome::now, chosen->node, {}};
}

}  // namespace

std::optional<std::string> infeasible(const Resources& demand, std::span<const NodeView> nodes) {
  if (auto text = GpuSlots::refusal(demand.gpu)) return text;
  if (nodes.empty()) return "wants " + to_string(demand) + "; there is no node";
  for (const NodeView& node : nodes) {
    if (fits(demand, *node.total)) return std::nullopt;
  }
  for (const Amount& each : amounts(demand)) {
    Amount most{each.kind, each.name, 0};
    for (const NodeView& node : nodes) most.amount = std::max(most.amount, amount_of(*node.total, each));
    if (most.amount < each.amount) {
      return fmt::format("wants {}; the largest node has {}", to_string(each),
                         most.amount == 0 ? "none" : number(most));
    }
  }
  return nearest_fit(demand, nodes);
}

Placement place(const Resources& demand, const wire::Strategy& strategy, std::uint32_t asker,
                std::span<const NodeView> nodes) {
  if (strategy.kind == StrategyKind::affinity) {
    const auto named = std::find_if(nodes.begin(), nodes.end(),
                                    [&](const NodeView& node) { return node.node == strategy.node; });
    if (named != nodes.end() && !infeasible(demand, {named, 1})) {
      return best(demand, StrategyKind::pack, asker, {named, 1});
    }
    if (!strategy.soft) {
      if (named == nodes.end()) return {.text = fmt::format("wants node n{}, which is not there", strategy.node)};
      return {.text = fmt::format("wants node n{}; {}", strategy.node, *infeasible(demand, {named, 1}))};
    }
  }
  if (auto text = infeasible(demand, nodes)) return {.text = *std::move(text)};
  return best(demand, strategy.kind == StrategyKind::spread ? StrategyKind::spread : StrategyKind::pack, asker, nodes);
}

}  // namespace shoal::sched
