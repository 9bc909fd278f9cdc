#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "store/core.h"
#include "store/limits.h"

/// What the store tells about itself.
namespace shoal::store {

ObjectInfo Core::info(const Object& object) const {
  using Where = ObjectInfo::Where;
  using State = ObjectInfo::State;
  ObjectInfo info{.object = object.id, .bytes = object.bytes, .is_copy = object.is_copy};
  info.where = !object.is_resident()    ? Where::spill
               : object.extent->on_disk ? Where::overflow
               : object.on_disk         ? Where::memory_and_spill
                                        : Where::memory;
  info.state = object.dropped                       ? State::dropped
               : object.io == Object::Io::spilling  ? State::spilling
               : object.io == Object::Io::restoring ? State::restoring
                                                    : State::sealed;
  info.holds = object.holds + static_cast<std::uint32_t>(object.soft.size());
  info.pins = pins_.pins(object.residence.slot);
  return info;
}

std::vector<ObjectInfo> Core::objects() const {
  std::vector<ObjectInfo> all;
  table_.for_each([&](const Object& object) { all.push_back(info(object)); });
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.object < b.object; });
  for (const auto& [slot, object] : dropped_) all.push_back(info(*object));
  return all;
}

Core::Usage Core::usage() const {
  return {.memory_bytes = extents_.used(),
          .warm_bytes = extents_.warm(),
          .overflow_bytes = extents_.disk(),
          .spilled_bytes = spilled_,
          .objects = table_.size() + dropped_.size(),
          .extents = extents_.all().size(),
          .tickets = tickets_.size(),
          .slots = pins_.slots_in_use()};
}

std::string Core::holders() const {
  struct Kept {
    std::uint64_t pinned = 0, open = 0;
    std::size_t objects = 0;
  };
  std::map<ProcessId, Kept> kept;
  const auto count = [&](const Object& object) {
    if (object.extent == nullptr || object.extent->on_disk) return;
    for (const auto& [process, pins] : pins_.pins(object.residence.slot)) {
      kept[process].pinned += object.bytes;
      ++kept[process].objects;
    }
  };
  table_.for_each(count);
  for (const auto& [slot, object] : dropped_) count(*object);
  for (const auto& [id, extent] : extents_.all()) {
    if (extent.state == Extent::State::open && !extent.on_disk) kept[extent.writer].open += extent.bytes;
  }
  std::vector<std::pair<ProcessId, Kept>> most(kept.begin(), kept.end());
  std::sort(most.begin(), most.end(), [](const auto& a, const auto& b) {
    return std::pair(b.second.pinned + b.second.open, a.first) < std::pair(a.second.pinned + a.second.open, b.first);
  });
  if (most.size() > k_holders_named_max) most.resize(k_holders_named_max);
  std::string text;
  for (const auto& [process, each] : most) {
    text += fmt::format("{}{} ({} pinned objects of {} bytes, {} bytes to write to)", text.empty() ? "" : ", ",
                        to_string(process), each.objects, each.pinned, each.open);
  }
  return text.empty() ? "nobody" : text;
}

}  // namespace shoal::store
