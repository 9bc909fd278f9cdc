#include "store/extents.h"

#include <cassert>
#include <utility>

namespace shoal::store {

Extent& Extents::add(std::uint64_t bytes, bool on_disk, ProcessId writer, JobId job, const TicketId& ticket) {
  Extent& extent = all_[++last_];
  extent.id = last_;
  extent.bytes = bytes;
  extent.on_disk = on_disk;
  extent.writer = writer;
  extent.job = job;
  extent.ticket = ticket;
  (on_disk ? disk_ : used_) += bytes;
  charge(job, bytes);
  return extent;
}

Extent* Extents::find(ExtentId id) {
  const auto at = all_.find(id);
  return at == all_.end() ? nullptr : &at->second;
}

void Extents::remove(Extent& extent) {
  assert(extent.objects.empty() && extent.spilling == 0);
  if (extent.state == Extent::State::warm) {
    forget_warm(extent);
  } else {
    discharge(extent.job, extent.bytes);
  }
  (extent.on_disk ? disk_ : used_) -= extent.bytes;
  all_.erase(extent.id);
}

void Extents::place(Extent& extent, Object& object, std::uint64_t offset) {
  extent.objects.emplace_hint(extent.objects.end(), offset, &object);
  extent.live_bytes += object.bytes;
  object.extent = &extent;
  object.offset = offset;
}

void Extents::displace(Object& object) {
  Extent& extent = *std::exchange(object.extent, nullptr);
  extent.objects.erase(object.offset);
  extent.live_bytes -= object.bytes;
}

void Extents::keep_warm(Extent& extent) {
  assert(extent.state == Extent::State::closed && extent.objects.empty() && !extent.on_disk);
  extent.state = Extent::State::warm;
  warm_.insert(extent.id);
  warm_of_[extent.writer] += extent.bytes;
  warm_bytes_ += extent.bytes;
  discharge(extent.job, extent.bytes);
}

Extent* Extents::take_warm(ProcessId process, std::uint64_t least, std::uint64_t most) {
  if (warm(process) < least) return nullptr;
  Extent* best = nullptr;
  for (const ExtentId id : warm_) {
    Extent& extent = all_.at(id);
    if (extent.writer != process || extent.bytes < least || extent.bytes > most) continue;
    if (best == nullptr || extent.bytes < best->bytes) best = &extent;
  }
  if (best == nullptr) return nullptr;
  forget_warm(*best);
  charge(best->job, best->bytes);
  best->state = Extent::State::open;
  best->is_recalled = false;
  return best;
}

Extent* Extents::oldest_warm() { return warm_.empty() ? nullptr : &all_.at(*warm_.begin()); }

void Extents::begin_emptying(Extent& extent, std::size_t writes) {
  assert(writes > 0 && extent.spilling == 0);
  extent.spilling = writes;
  emptying_ += extent.bytes;
}

void Extents::end_write(Extent& extent) {
  if (--extent.spilling == 0) emptying_ -= extent.bytes;
}

std::uint64_t Extents::warm(ProcessId process) const {
  const auto at = warm_of_.find(process);
  return at == warm_of_.end() ? 0 : at->second;
}

std::uint64_t Extents::charged(JobId job) const {
  const auto at = charged_.find(job);
  return at == charged_.end() ? 0 : at->second;
}

void Extents::discharge(JobId job, std::uint64_t bytes) {
  const auto at = charged_.find(job);
  at->second -= bytes;
  if (at->second == 0) charged_.erase(at);
}

void Extents::forget_warm(Extent& extent) {
  warm_.erase(extent.id);
  warm_bytes_ -= extent.bytes;
  const auto of = warm_of_.find(extent.writer);
  of->second -= extent.bytes;
  if (of->second == 0) warm_of_.erase(of);
}

}  // namespace shoal::store
