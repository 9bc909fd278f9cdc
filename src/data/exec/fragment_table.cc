#include "data/exec/fragment_table.h"

#include <algorithm>
#include <cassert>

namespace shoal::data {

Fragment& FragmentTable::add(std::uint32_t op, std::int64_t ordinal) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t at = free_.back();
  free_.pop_back();
  Slot& slot = slots_[at];
  slot.live = true;
  slot.fragment = Fragment{};
  slot.fragment.id = FragmentId{at};
  slot.fragment.op = op;
  slot.fragment.ordinal = ordinal;
  rename(slot.fragment);
  return slot.fragment;
}

void FragmentTable::rename(Fragment& fragment) {
  const std::uint32_t at = place(fragment.id);
  fragment.id = FragmentId{(std::uint64_t{++slots_[at].generation} << 32) | at};
}

Fragment* FragmentTable::find(FragmentId id) {
  const std::uint32_t at = place(id);
  if (at >= slots_.size() || !slots_[at].live || slots_[at].fragment.id != id) return nullptr;
  return &slots_[at].fragment;
}

void FragmentTable::remove(Fragment& fragment) {
  const std::uint32_t at = place(fragment.id);
  assert(slots_[at].live);
  slots_[at].live = false;
  free_.push_back(at);
}

void FragmentQueue::push(const Fragment& fragment) {
  heap_.push_back({fragment.ordinal, fragment.id});
  std::push_heap(heap_.begin(), heap_.end(), younger);
}

Fragment* FragmentQueue::front(FragmentTable& table) {
  while (!heap_.empty()) {
    Fragment* fragment = table.find(heap_.front().id);
    if (fragment != nullptr && fragment->state != FragmentState::closing) return fragment;
    pop();
  }
  return nullptr;
}

void FragmentQueue::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), younger);
  heap_.pop_back();
}

}  // namespace shoal::data
