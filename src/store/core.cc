#include "store/core.h"

#include <cassert>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "store/limits.h"
#include "store/victims.h"

/// Objects: from the seal to the last pin, in memory and on disk. Tickets stand in admission.cc.
namespace shoal::store {

Core::~Core() {
  table_.for_each([&](Object& object) { objects_.destroy(&object); });
  for (const auto& [slot, object] : dropped_) objects_.destroy(object);
}

void Core::take_actions(Actions& into) {
  into.clear();
  into.swap(actions_);
}

void Core::on_process_died(ProcessId process) {
  if (processes_.erase(process) == 0) return;
  pins_.detach(process);
  std::vector<TicketId> tickets;
  for (const auto& [id, ticket] : tickets_) {
    if (id.process == process) tickets.push_back(id);
  }
  for (const TicketId& id : tickets) forget(id);
  std::vector<ExtentId> written;
  for (auto& [id, extent] : extents_.all()) {
    extent.readers.erase(process);
    if (extent.writer == process) written.push_back(id);
  }
  for (const ExtentId id : written) {
    Extent& extent = *extents_.find(id);
    if (extent.state == Extent::State::open) close(extent);
    else if (extent.state == Extent::State::warm) destroy(extent);
  }
  for (const auto& [slot, object] : std::map(dropped_)) free_if_let_go(*object);
  wake();
  settle();
}

// --- Objects begin and end.

Status Core::fault_of(ProcessId process, const Place& place, const Extent* extent) const {
  const auto refused = [&](const char* why) {
    return Status(
        ErrorCode::invalid_argument,
        fmt::format("{} seals {} bytes at {} of extent {}, {}; seal each piece once, where the writer gave it",
                    to_string(process), place.bytes, place.offset, place.extent, why));
  };
  if (extent == nullptr || extent->writer != process || extent->state != Extent::State::open) {
    return refused("which it may not write to");
  }
  if (place.offset % k_alignment != 0) return refused("which is not aligned");
  if (place.offset >= extent->bytes || place.bytes > extent->bytes - place.offset) return refused("beyond its end");
  const auto next = extent->objects.lower_bound(place.offset);
  if (next != extent->objects.end() && (next->first == place.offset || next->first - place.offset < place.bytes)) {
    return refused("where another object begins");
  }
  if (next != extent->objects.begin()) {
    const auto& [offset, before] = *std::prev(next);
    if (place.offset - offset < before->bytes) return refused("where another object lies");
  }
  return {};
}

Status Core::seal(ProcessId process, ObjectId id, const Place& place, bool is_copy) {
  Extent* const extent = extents_.find(place.extent);
  SHOAL_RETURN_IF_ERROR(fault_of(process, place, extent));
  if (table_.find(id) != nullptr) {
    return {ErrorCode::already_exists, fmt::format("{} is sealed already; its first bytes count", to_string(id))};
  }
  const auto slot = pins_.take_slot();
  if (!slot) {
    return {ErrorCode::no_space, fmt::format("the store has no room for {}: there are {} objects; let go of references",
                                             to_string(id), pins_.slots_in_use())};
  }
  Object& object = *objects_.make();
  object.id = id;
  object.key = ++last_key_;
  object.job = extent->job;
  object.bytes = place.bytes;
  object.is_copy = is_copy;
  object.residence = pins_.open(*slot);
  extents_.place(*extent, object, place.offset);
  table_.add(object);
  return {};
}

std::optional<Located> Core::find(ObjectId id) const {
  const Object* const object = table_.find(id);
  if (object == nullptr || !object->is_resident()) return std::nullopt;
  return Located{id, {object->extent->id, object->offset, object->bytes}, object->residence};
}

void Core::drop(ObjectId id) {
  Object* const object = table_.find(id);
  if (object == nullptr) return;
  const std::uint64_t before = taken();
  make_dropped(*object);
  free_if_let_go(*object);
  wake_if_freed(before);
}

void Core::on_unpinned(std::uint32_t slot) {
  const auto at = dropped_.find(slot);
  if (at == dropped_.end()) return;
  const std::uint64_t before = taken();
  free_if_let_go(*at->second);
  wake_if_freed(before);
}

void Core::make_dropped(Object& object) {
  table_.remove(object);
  object.dropped = true;
  for (const TicketId& id : object.soft) std::erase(tickets_.at(id).objects, &object);
  object.soft.clear();
}

void Core::free_if_let_go(Object& object) {
  assert(object.dropped);
  // The last pin rings; the last hold and the end of I/O come here again.
  if (object.io != Object::Io::none || object.holds > 0 || !pins_.close(object.residence)) {
    dropped_[object.residence.slot] = &object;
    return;
  }
  if (object.on_disk) {
    spilled(object, false);
    actions_.push_back(DeleteSpill{object.key});
  }
  if (object.extent != nullptr) leave_memory(object);
  dropped_.erase(object.residence.slot);
  pins_.give_back(object.residence.slot);
  objects_.destroy(&object);
}

void Core::unhold(Object& object) {
  --object.holds;
  if (object.dropped) free_if_let_go(object);
}

void Core::leave_memory(Object& object) {
  Extent& extent = *object.extent;
  extents_.displace(object);
  let_go_if_empty(extent);
}

void Core::spilled(Object& object, bool is) {
  object.on_disk = is;
  std::uint64_t& of_job = spilled_of_[object.job];
  of_job = is ? of_job + object.bytes : of_job - object.bytes;
  spilled_ = is ? spilled_ + object.bytes : spilled_ - object.bytes;
  if (of_job == 0) spilled_of_.erase(object.job);
}

std::uint64_t Core::charged(JobId job) const {
  const auto at = spilled_of_.find(job);
  return extents_.charged(job) + (at == spilled_of_.end() ? 0 : at->second);
}

// --- To disk and back.

Object* Core::ended(std::uint64_t key, Object::Io io) {
  const auto at = io_.find(key);
  if (at == io_.end() || at->second->io != io) return nullptr;
  Object* const object = at->second;
  io_.erase(at);
  object->io = Object::Io::none;
  return object;
}

void Core::on_spill_written(std::uint64_t key) {
  Object* const object = ended(key, Object::Io::spilling);
  if (object == nullptr) return;
  spilled(*object, true);
  extents_.end_write(*object->extent);
  if (object->dropped) {
    free_if_let_go(*object);
  } else if (object->holds == 0 && object->soft.empty() && pins_.close(object->residence)) {
    leave_memory(*object);
  } else {
    pins_.reopen(object->residence);  // somebody wanted it meanwhile
  }
  settle();
}

void Core::on_spill_failed(std::uint64_t key, const Status& status) {
  Object* const object = ended(key, Object::Io::spilling);
  if (object == nullptr) return;
  spill_fault_ = status;
  extents_.end_write(*object->extent);
  if (object->dropped) free_if_let_go(*object);
  else pins_.reopen(object->residence);
  settle();
}

void Core::on_restored(std::uint64_t key) {
  Object* const object = ended(key, Object::Io::restoring);
  if (object == nullptr) return;
  ++object->holds;  // until the end of this event
  object->residence = pins_.open(object->residence.slot);
  for (const TicketId& id : std::exchange(object->waiters, {})) filled(id);
  unhold(*object);
  settle();
}

void Core::on_restore_failed(std::uint64_t key, const Status& status) {
  Object* const object = ended(key, Object::Io::restoring);
  if (object == nullptr) return;
  ++object->holds;  // until the end of this event
  leave_memory(*object);
  const Status lost(ErrorCode::object_lost,
                    fmt::format("{} could not be read back from the spill: {}", to_string(object->id), status.text()));
  for (const TicketId& id : std::exchange(object->waiters, {})) {
    const auto at = tickets_.find(id);
    if (at != tickets_.end() && at->second.state == Ticket::State::filling) fail(at->second, lost);
  }
  if (!object->dropped) {
    make_dropped(*object);
    actions_.push_back(Lost{object->id, lost});
  }
  unhold(*object);
  settle();
}

// --- Extents.

void Core::return_extent(ProcessId process, ExtentId id) {
  Extent* const extent = extents_.find(id);
  if (extent == nullptr || extent->writer != process || extent->state != Extent::State::open) return;
  close(*extent);
  wake();
  settle();
}

void Core::on_extent_created(ExtentId id) {
  Extent* const extent = extents_.find(id);
  if (extent == nullptr || extent->state != Extent::State::creating) return;
  const bool is_wanted = extent->is_wanted;
  const TicketId ticket = extent->ticket;
  extent->state = Extent::State::open;
  if (extent->writer == ProcessId{}) {
    for (const auto& [offset, object] : extent->objects) {
      actions_.push_back(ReadSpill{object->key, {id, offset, object->bytes}});
    }
    close(*extent);
  } else if (!is_wanted) {
    close(*extent);
  }
  if (is_wanted) filled(ticket);
  settle();
}

void Core::on_extent_failed(ExtentId id, const Status& status) {
  Extent* const extent = extents_.find(id);
  if (extent == nullptr || extent->state != Extent::State::creating) return;
  std::set<TicketId> again;
  if (extent->is_wanted) {
    Ticket& ticket = tickets_.at(extent->ticket);
    (extent->on_disk ? ticket.disk_fault : ticket.memory_fault) = status;
    again.insert(extent->ticket);
  }
  std::vector<Object*> objects;
  for (const auto& [offset, object] : extent->objects) objects.push_back(object);
  for (Object* const object : objects) {
    ++object->holds;  // until the end of this event
    ended(object->key, Object::Io::restoring);
    extents_.displace(*object);
    for (const TicketId& waiter : std::exchange(object->waiters, {})) again.insert(waiter);
  }
  extents_.remove(*extent);
  for (const TicketId& each : again) wait_again(tickets_.at(each));
  for (Object* const object : objects) unhold(*object);
  settle();
}

void Core::close(Extent& extent) {
  extent.state = Extent::State::closed;
  let_go_if_empty(extent);
}

void Core::let_go_if_empty(Extent& extent) {
  if (!extent.objects.empty() || extent.state != Extent::State::closed) return;
  const bool has_writer = processes_.count(extent.writer) > 0;
  if (has_writer && !extent.on_disk && !extent.is_victim &&
      extents_.warm(extent.writer) + extent.bytes <= options_.warm_bytes_max) {
    extents_.keep_warm(extent);
  } else {
    destroy(extent);
  }
}

void Core::destroy(Extent& extent) {
  extent.readers.insert(extent.writer);
  for (const ProcessId process : extent.readers) {
    if (processes_.count(process) > 0) actions_.push_back(UnmapExtent{process, extent.id});
  }
  actions_.push_back(ReclaimExtent{extent.id});
  extents_.remove(extent);
}

// --- Making room.

Core::Room Core::make_room(std::uint64_t bytes, const TicketId& head) {
  if (bytes > options_.capacity_bytes) return Room::none;
  const auto is_here = [&] { return bytes <= options_.capacity_bytes - extents_.used(); };
  while (!is_here() && extents_.oldest_warm() != nullptr) destroy(*extents_.oldest_warm());
  if (is_here()) return Room::here;
  const std::uint64_t coming = options_.capacity_bytes - extents_.used() + extents_.emptying();
  if (bytes <= coming) return Room::comes;

  const bool may_write = options_.has_disk && spill_fault_.ok();
  const std::vector<Extent*> victims = choose_victims(extents_, pins_, bytes - coming, head, may_write);
  if (victims.empty()) {
    recall_open();
    return Room::none;
  }
  for (Extent* const victim : victims) evict(*victim);
  return is_here() ? Room::here : Room::comes;
}

void Core::evict(Extent& extent) {
  std::vector<Object*> objects;
  std::size_t writes = 0;
  for (const auto& [offset, object] : extent.objects) {
    objects.push_back(object);
    if (!object->is_copy && !object->on_disk) ++writes;
  }
  extent.is_victim = true;
  if (writes > 0) extents_.begin_emptying(extent, writes);
  for (Object* const object : objects) {
    revoke_soft_holders(*object);
    if (object->is_copy) {
      actions_.push_back(Evicted{object->id});
      make_dropped(*object);
      free_if_let_go(*object);
    } else if (object->on_disk) {
      leave_memory(*object);
    } else {
      object->io = Object::Io::spilling;
      io_[object->key] = object;
      actions_.push_back(WriteSpill{object->key, {object->extent->id, object->offset, object->bytes}});
    }
  }
}

void Core::revoke_soft_holders(Object& object) {
  for (const TicketId& id : std::set(object.soft)) {
    actions_.push_back(Revoked{id});
    wait_again(tickets_.at(id));
  }
}

void Core::recall_open() {
  for (auto& [id, extent] : extents_.all()) {
    if (extent.state != Extent::State::open || extent.on_disk || extent.is_recalled) continue;
    extent.is_recalled = true;
    actions_.push_back(RecallExtent{extent.writer, id});
  }
}

}  // namespace shoal::store
