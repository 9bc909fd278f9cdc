#include "control/table/names.h"

namespace shoal::control {

std::optional<ActorId> Names::find(const std::string& name) const {
  const auto found = holders_.find(name);
  if (found == holders_.end()) return std::nullopt;
  return found->second;
}

void Names::free(const std::string& name, const ActorId& actor) {
  const auto found = holders_.find(name);
  if (found != holders_.end() && found->second == actor) holders_.erase(found);
}

}  // namespace shoal::control
