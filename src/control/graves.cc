#include "control/graves.h"

namespace shoal::control {

void Graves::add(const ActorId& actor) {
  if (!turns_.try_emplace(actor, next_).second) return;
  by_turn_.emplace(next_++, actor);
}

void Graves::remove(const ActorId& actor) {
  const auto found = turns_.find(actor);
  if (found == turns_.end()) return;
  by_turn_.erase(found->second);
  turns_.erase(found);
}

std::optional<ActorId> Graves::beyond(std::size_t max) const {
  if (turns_.size() <= max) return std::nullopt;
  return by_turn_.begin()->second;
}

}  // namespace shoal::control
