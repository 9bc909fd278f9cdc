#include "control/table/truth.h"

#include <cassert>

namespace shoal::control {

void Truth::apply(const Change& change) {
  std::visit([this](const auto& one) { apply_one(one); }, change);
}

void Truth::apply_one(const ActorRegistered& change) {
  actors_.add(change.actor, change.spec, change.stage);
  if (!change.spec->name.empty()) names_.reserve(change.spec->name, change.actor);
}

void Truth::apply_one(const ActorChanged& change) {
  actors_.change(change.actor, change.life);
  if (change.life.stage == Stage::dead) names_.free(actors_.find(change.actor)->name, change.actor);
}

}  // namespace shoal::control
