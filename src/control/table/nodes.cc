#include "control/table/nodes.h"

#include <cassert>
#include <utility>

namespace shoal::control {

const NodeRecord* Nodes::find(std::uint32_t node) const {
  const auto found = records_.find(node);
  return found == records_.end() ? nullptr : &found->second;
}

bool Nodes::is_alive(std::uint32_t node) const {
  const NodeRecord* record = find(node);
  return record != nullptr && record->alive;
}

void Nodes::join(std::uint32_t node, NodeRecord record) {
  assert(node != 0 && record.alive);
  assert(find(node) == nullptr || find(node)->alive);
  records_[node] = std::move(record);
}

void Nodes::die(std::uint32_t node) {
  const auto found = records_.find(node);
  assert(found != records_.end() && found->second.alive);
  found->second.alive = false;
  dead_.push_back(node);
}

void Nodes::forget_oldest_dead() {
  assert(!dead_.empty());
  records_.erase(dead_.front());
  dead_.pop_front();
}

}  // namespace shoal::control
