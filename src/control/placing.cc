#include "control/placing.h"

#include <vector>

namespace shoal::control {

std::optional<sched::Placement> choose_node(const wire::ActorSpec& spec, std::uint32_t asker, const Nodes& nodes,
                                            const Loads& loads) {
  std::vector<wire::Resources> available;
  std::vector<sched::NodeView> views;
  available.reserve(nodes.all().size());  // the views point into it
  for (const auto& [node, record] : nodes.all()) {
    if (!record.alive) continue;
    available.push_back(loads.available(node, record));
    views.push_back({.node = node,
                     .total = &record.total,
                     .available = &available.back(),
                     .of_kind = loads.of_kind(node, spec.constructor.function)});
  }
  if (views.empty()) return std::nullopt;
  return sched::place(spec.constructor.resources, spec.constructor.strategy, asker, views);
}

}  // namespace shoal::control
