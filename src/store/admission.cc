#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "store/core.h"
#include "store/limits.h"
#include "store/victims.h"

/// Tickets: who gets memory, in which order, and who fails when there is none.
namespace shoal::store {

Status Core::ask(const Ask& ask) {
  const auto refused = [&](ErrorCode code, const char* why) {
    return Status(code, fmt::format("{} asks for a ticket {}", to_string(ask.ticket.process), why));
  };
  if (processes_.count(ask.ticket.process) == 0) {
    return refused(ErrorCode::invalid_argument, "and is not attached; attach it first");
  }
  if (ask.extent_bytes > 0 && !ask.runs) {
    return refused(ErrorCode::invalid_argument, "with an extent that nobody writes yet; ask when its code runs");
  }
  if (ask.extent_bytes > UINT64_MAX / 2) return refused(ErrorCode::invalid_argument, "of more bytes than there can be");
  const auto [at, is_new] = tickets_.try_emplace(ask.ticket);
  if (!is_new) return refused(ErrorCode::already_exists, "with a number that is in use");
  at->second.ask = ask;
  waiting_.insert(ask.ticket);
  wake();
  settle();
  return {};
}

void Core::release(const TicketId& id) {
  if (tickets_.count(id) == 0) return;
  forget(id);
  wake();
  settle();
}

void Core::forget(const TicketId& id) {
  let_go(tickets_.at(id));
  waiting_.erase(id);
  tickets_.erase(id);
}

void Core::wake() {
  stalled_ = false;
  spill_fault_ = {};
  if (waiting_.empty()) return;
  Ticket& first = tickets_.at(*waiting_.begin());
  first.memory_fault = first.disk_fault = {};
}

void Core::wake_if_freed(std::uint64_t before) {
  if (taken() < before) wake();
  settle();
}

void Core::settle() {
  while (!waiting_.empty() && !stalled_ && admit(tickets_.at(*waiting_.begin()))) {}
}

bool Core::admit(Ticket& ticket) {
  if (const Status fault = fault_of(ticket); !fault.ok()) {
    fail(ticket, fault);
    return true;
  }
  Need need = hold(ticket);
  Extent* const warm = need.output > 0 ? take_warm(ticket.ask.ticket.process, need.output) : nullptr;
  if (warm != nullptr) need.output = 0;
  const std::uint64_t bytes = need.restored + need.output;
  const Room room = bytes == 0                  ? Room::here
                    : !ticket.memory_fault.ok() ? Room::none
                                                : make_room(bytes, ticket.ask.ticket);
  const bool may_overflow = room == Room::none && options_.has_disk && ticket.disk_fault.ok();
  if (room == Room::here || may_overflow) {
    reserve(ticket, need, may_overflow, warm);
    return true;
  }
  let_go(ticket);
  if (warm != nullptr) close(*warm);
  return room == Room::none && fail_for_space(ticket);
}

/// Up to twice as large as asked for: blocks of a dataset, say, differ in size.
Extent* Core::take_warm(ProcessId process, std::uint64_t bytes) {
  const JobId job = processes_.at(process);
  const auto quota = quotas_.find(job);
  const std::uint64_t left = quota == quotas_.end() ? 2 * bytes : quota->second - charged(job);
  return extents_.take_warm(process, bytes, std::min(2 * bytes, left));
}

Status Core::fault_of(const Ticket& ticket) const {
  const ProcessId process = ticket.ask.ticket.process;
  for (const ObjectId& id : ticket.ask.objects) {
    if (table_.find(id) != nullptr) continue;
    return {ErrorCode::not_found, fmt::format("{} is not in this machine's store", to_string(id))};
  }
  const JobId job = processes_.at(process);
  const auto quota = quotas_.find(job);
  if (quota == quotas_.end() || ticket.ask.extent_bytes == 0) return {};
  const std::uint64_t bytes = round_up(ticket.ask.extent_bytes, k_page_bytes);
  if (charged(job) + bytes <= quota->second) return {};
  return {ErrorCode::no_space,
          fmt::format("{} needs {} bytes of the store, and of its job's quota of {} bytes {} are taken; let go of "
                      "references, or raise the quota of job {}",
                      to_string(process), bytes, quota->second, charged(job), job)};
}

Core::Need Core::hold(Ticket& ticket) {
  Need need;
  std::set<std::uint64_t> counted;
  for (const ObjectId& id : ticket.ask.objects) {
    Object& object = *table_.find(id);
    ++object.holds;
    ticket.objects.push_back(&object);
    if (object.extent == nullptr && counted.insert(object.key).second) {
      need.restored += round_up(std::max<std::uint64_t>(object.bytes, 1), k_alignment);
    }
  }
  need.restored = round_up(need.restored, k_page_bytes);
  need.output = round_up(ticket.ask.extent_bytes, k_page_bytes);
  return need;
}

void Core::reserve(Ticket& ticket, const Need& need, bool on_disk, Extent* warm) {
  const TicketId& id = ticket.ask.ticket;
  ticket.state = Ticket::State::filling;
  waiting_.erase(id);
  ticket.has_warm = warm != nullptr;
  if (warm != nullptr) ticket.output = warm->id;
  if (need.output > 0) {
    const Extent& extent = extents_.add(need.output, on_disk, id.process, processes_.at(id.process), id);
    ticket.output = extent.id;
    ++ticket.pending;
    actions_.push_back(CreateExtent{extent.id, extent.bytes, on_disk});
  }
  if (need.restored > 0) restore(ticket, need.restored, on_disk);
  for (Object* const object : ticket.objects) {
    if (object->io == Object::Io::restoring) {
      object->waiters.push_back(id);
      ++ticket.pending;
    } else {
      pins_.reopen(object->residence);  // it may be on its way to the disk, and stays now
    }
  }
  if (ticket.pending == 0) answer(ticket);
}

void Core::restore(Ticket& ticket, std::uint64_t bytes, bool on_disk) {
  Extent& extent = extents_.add(bytes, on_disk, {}, {}, ticket.ask.ticket);
  ticket.restored = extent.id;
  ++ticket.pending;
  actions_.push_back(CreateExtent{extent.id, extent.bytes, on_disk});
  std::uint64_t offset = 0;
  for (Object* const object : ticket.objects) {
    if (object->extent != nullptr) continue;
    extents_.place(extent, *object, offset);
    object->io = Object::Io::restoring;
    io_[object->key] = object;
    offset += round_up(std::max<std::uint64_t>(object->bytes, 1), k_alignment);
  }
}

void Core::filled(const TicketId& id) {
  Ticket& ticket = tickets_.at(id);
  assert(ticket.state == Ticket::State::filling && ticket.pending > 0);
  if (--ticket.pending == 0) answer(ticket);
}

void Core::answer(Ticket& ticket) {
  const TicketId& id = ticket.ask.ticket;
  ticket.state = Ticket::State::admitted;
  Admitted admitted{id, {}};
  for (Object* const object : ticket.objects) {
    Extent& extent = *object->extent;
    extent.readers.insert(id.process);
    admitted.objects.push_back({object->id, {extent.id, object->offset, object->bytes}, object->residence});
  }
  if (Extent* const output = extents_.find(ticket.output)) {
    admitted.extent = {output->id, output->bytes, ticket.has_warm};
  }
  if (!ticket.ask.runs) {
    for (Object* const object : ticket.objects) object->soft.insert(id);
    for (Object* const object : std::vector(ticket.objects)) {
      if (object->dropped) {
        std::erase(ticket.objects, object);
        object->soft.erase(id);
      }
      unhold(*object);
    }
  }
  actions_.push_back(std::move(admitted));
}

void Core::fail(Ticket& ticket, const Status& status) {
  let_go(ticket);
  waiting_.erase(ticket.ask.ticket);
  ticket.state = Ticket::State::failed;
  actions_.push_back(Failed{ticket.ask.ticket, status});
}

void Core::wait_again(Ticket& ticket) {
  let_go(ticket);
  ticket.state = Ticket::State::waiting;
  waiting_.insert(ticket.ask.ticket);
}

void Core::let_go(Ticket& ticket) {
  const TicketId& id = ticket.ask.ticket;
  const bool was_filling = ticket.state == Ticket::State::filling;
  const bool is_soft = ticket.state == Ticket::State::admitted && !ticket.ask.runs;
  for (Object* const object : std::exchange(ticket.objects, {})) {
    if (is_soft) {
      object->soft.erase(id);
    } else {
      std::erase(object->waiters, id);
      unhold(*object);
    }
  }
  ticket.pending = 0;
  for (const ExtentId each : {std::exchange(ticket.output, 0), std::exchange(ticket.restored, 0)}) {
    Extent* const extent = was_filling ? extents_.find(each) : nullptr;
    if (extent == nullptr) continue;
    if (extent->state == Extent::State::creating) extent->is_wanted = false;
    else if (extent->state == Extent::State::open) close(*extent);
  }
}

// --- No memory, and no disk.

bool Core::needs_memory(const Ticket& ticket) const {
  return ticket.ask.extent_bytes > 0 ||
         std::any_of(ticket.ask.objects.begin(), ticket.ask.objects.end(), [&](const ObjectId& id) {
           const Object* const object = table_.find(id);
           return object != nullptr && object->extent == nullptr;
         });
}

bool Core::fail_for_space(Ticket& first) {
  auto last = std::prev(waiting_.end());
  while (last != waiting_.begin() && !needs_memory(tickets_.at(*last))) --last;
  Ticket& fails = tickets_.at(*last);
  const bool is_first = &fails == &first;
  const Status full = store_full(fails, first);
  fail(fails, full);
  stalled_ = !is_first;
  return is_first;
}

Status Core::store_full(const Ticket& fails, const Ticket& first) const {
  std::uint64_t bytes = round_up(fails.ask.extent_bytes, k_page_bytes);
  for (const ObjectId& id : fails.ask.objects) {
    const Object* const object = table_.find(id);
    if (object != nullptr && object->extent == nullptr) bytes += object->bytes;
  }
  const Status& disk = !first.disk_fault.ok() ? first.disk_fault : spill_fault_;
  const std::string memory = first.memory_fault.ok() ? "" : fmt::format(" (the system: {})", first.memory_fault.text());
  return {
      ErrorCode::no_space,
      fmt::format("{} needs {} bytes of the store, which is full: {} of {} bytes are taken{}; on disk: {}; kept by {}. "
                  "Let go of references, give the store more memory, or a spill folder with more room",
                  to_string(fails.ask.ticket.process), bytes, extents_.used(), options_.capacity_bytes, memory,
                  !options_.has_disk ? "there is no spill folder"
                  : disk.ok()        ? "no room"
                                     : disk.text(),
                  holders())};
}

}  // namespace shoal::store
