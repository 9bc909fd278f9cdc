#include "store/victims.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace shoal::store {
namespace {

/// In eighths of the extent: finer differences do not outweigh age.
std::uint64_t to_write(const Extent& extent) {
  std::uint64_t bytes = 0;
  for (const auto& [offset, object] : extent.objects) {
    if (!object->is_copy && !object->on_disk) bytes += std::max<std::uint64_t>(object->bytes, 1);
  }
  return (bytes * 8 + extent.bytes - 1) / extent.bytes;
}

bool may_leave(const Object& object, const TicketId& head) {
  return object.io == Object::Io::none && object.holds == 0 && !object.dropped &&
         (object.soft.empty() || *object.soft.begin() > head);
}

void reopen(const Extent& extent, PinBoard& pins) {
  for (const auto& [offset, object] : extent.objects) pins.reopen(object->residence);
}

/// Closes all that lies there; false, with all open, where something has to stay.
bool close(const Extent& extent, PinBoard& pins, const TicketId& head) {
  for (const auto& [offset, object] : extent.objects) {
    if (!may_leave(*object, head)) return false;
  }
  for (auto at = extent.objects.begin(); at != extent.objects.end(); ++at) {
    if (pins.close(at->second->residence)) continue;
    for (auto closed = extent.objects.begin(); closed != std::next(at); ++closed)
      pins.reopen(closed->second->residence);
    return false;
  }
  return true;
}

}  // namespace

std::vector<Extent*> choose_victims(Extents& extents, PinBoard& pins, std::uint64_t bytes, const TicketId& head,
                                    bool may_write) {
  std::vector<std::pair<std::uint64_t, Extent*>> ranked;
  for (auto& [id, extent] : extents.all()) {
    if (extent.state != Extent::State::closed || extent.on_disk || extent.spilling > 0) continue;
    const std::uint64_t cost = to_write(extent);
    if (cost == 0 || may_write) ranked.emplace_back(cost, &extent);
  }
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first, a.second->id) < std::pair(b.first, b.second->id);
  });

  std::vector<Extent*> victims;
  std::uint64_t found = 0;
  for (const auto& [cost, extent] : ranked) {
    if (found >= bytes) break;
    if (!close(*extent, pins, head)) continue;
    victims.push_back(extent);
    found += extent->bytes;
  }
  if (found >= bytes) return victims;
  for (const Extent* extent : victims) reopen(*extent, pins);
  return {};
}

}  // namespace shoal::store
