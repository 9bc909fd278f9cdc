#include "sim/cluster/references.h"

#include <algorithm>

namespace shoal::sim::cluster {
namespace {

using owner::Object;

bool lists(const Object& object, ProcessId borrower) {
  return object.interest != nullptr && std::ranges::binary_search(object.interest->borrowers, borrower);
}

bool is_lost(const Object& object) {
  return object.failure != nullptr && object.failure->code == ErrorCode::object_lost;
}

}  // namespace

std::string fault_of_references(const std::map<ProcessId, const owner::Core*>& living, bool somebody_died) {
  std::string fault;
  for (const auto& [process, core] : living) {
    core->testing_objects().for_each([&, self = process](const Object& object) {
      if (!somebody_died && is_lost(object)) fault = to_string(object.id) + " is lost though nobody died";
      const auto owner = living.find(object.id.owner);
      if (object.borrow == Object::Borrow::own || owner == living.end()) return;
      const Object* const owned = owner->second->testing_objects().find(object.id);
      const bool is_there = owned != nullptr && owned->borrow == Object::Borrow::own;
      if (object.borrow == Object::Borrow::registered && !(is_there && lists(*owned, self))) {
        fault = to_string(object.id) + " does not know that " + to_string(self) + " is registered";
      }
      if (!somebody_died && !is_there) fault = to_string(object.id) + " was freed and " + to_string(self) + " holds it";
    });
  }
  return fault;
}

}  // namespace shoal::sim::cluster
