#include "store/holds.h"

namespace shoal::store {

Holds::Held* Holds::find(const ObjectId& object) {
  const auto known = objects_.find(object);
  if (known != objects_.end()) return &known->second;
  return dead_.contains(object.owner) ? nullptr : &objects_[object];
}

/// Whether the count became 0.
bool Holds::add(Held& held, ProcessId process, std::int64_t more) {
  std::int64_t& count = held.counts[process];
  count += more;
  if (count != 0) return false;
  held.counts.erase(process);
  return true;
}

bool Holds::ends(const ObjectId& object, const Held& held) const {
  return held.counts.empty() && (held.has_begun || dead_.contains(object.owner));
}

bool Holds::begin(const ObjectId& object, ProcessId writer) {
  if (dead_.contains(writer)) return false;
  Held& held = objects_[object];
  held.has_begun = true;
  add(held, writer, 1);
  last_begun_[writer] = object.n;
  return true;
}

bool Holds::may_begin(const ObjectId& object) const {
  if (dead_.contains(object.owner)) return false;
  const auto last = last_begun_.find(object.owner);
  return last == last_begun_.end() || last->second < object.n;
}

void Holds::give(const ObjectId& object, ProcessId to) {
  if (dead_.contains(to)) return;
  Held* const held = find(object);
  if (held != nullptr) add(*held, to, 1);
}

bool Holds::drop(const ObjectId& object, ProcessId by) {
  Held* const held = dead_.contains(by) ? nullptr : find(object);
  if (held == nullptr || !add(*held, by, -1) || !ends(object, *held)) return false;
  const bool had_begun = held->has_begun;
  objects_.erase(object);
  return had_begun;
}

std::set<ObjectId> Holds::on_process_died(ProcessId process) {
  dead_.insert(process);
  last_begun_.erase(process);
  std::set<ObjectId> ended;
  for (auto at = objects_.begin(); at != objects_.end();) {
    Held& held = at->second;
    held.counts.erase(process);
    const bool never_begins = !held.has_begun && at->first.owner == process;
    if (!never_begins && !ends(at->first, held)) {
      ++at;
      continue;
    }
    if (held.has_begun) ended.insert(at->first);
    at = objects_.erase(at);
  }
  return ended;
}

}  // namespace shoal::store
