#pragma once

#include <shoal/base/ids.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "base/id_table.h"
#include "store/place.h"

namespace shoal::store {

struct Extent;

/// A sealed object: resident (it has an extent), on disk, or both. Its bytes never change.
struct Object {
  enum class Io : std::uint8_t { none, spilling, restoring };

  ObjectId id;
  std::uint64_t key = 0;  ///< Of this object alone: an id may come again, from another attempt of its task.
  JobId job = 0;
  std::uint64_t bytes = 0;
  Extent* extent = nullptr;  ///< Where it lies in memory, or will when it is restored.
  std::uint64_t offset = 0;
  Residence residence{};  ///< The slot is its own for life.
  Io io = Io::none;
  bool is_copy = false;  ///< There are others: it is dropped, not spilled.
  bool on_disk = false;
  bool dropped = false;             ///< Nobody will ask for it again; it goes with the last pin.
  std::uint32_t holds = 0;          ///< By tickets that run, or are being filled.
  std::set<TicketId> soft{};        ///< Admitted tickets that have not started: older ones may take it away from them.
  std::vector<TicketId> waiters{};  ///< Tickets that are being filled with it while it is restored.
  Object* next = nullptr;           ///< Of its bucket in the table.

  bool is_resident() const { return extent != nullptr && io != Io::restoring; }
};

/// Objects that are not dropped, by id.
struct ObjectById {
  static const ObjectId& key(const Object& object) { return object.id; }
  static std::size_t spread(const ObjectId& id) { return std::hash<ObjectId>()(id); }
  static Object*& next(Object& object) { return object.next; }
};
using ObjectTable = IdTable<ObjectId, Object, ObjectById>;

}  // namespace shoal::store
