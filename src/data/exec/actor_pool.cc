#include "data/exec/actor_pool.h"

#include <cassert>

namespace shoal::data {

ActorId ActorPool::name(std::size_t at) const {
  return ActorId{(std::uint64_t{op_} << 48) | (std::uint64_t{places_[at].generation} << 16) | at};
}

ActorPool::Place* ActorPool::find(ActorId id) {
  const auto at = static_cast<std::size_t>(static_cast<std::uint64_t>(id) & 0xffff);
  if (at >= places_.size() || places_[at].state == State::none || name(at) != id) return nullptr;
  return &places_[at];
}

void ActorPool::set(Place& place, State state) {
  size_ += (state != State::none) - (place.state != State::none);
  starting_ += (state == State::starting) - (place.state == State::starting);
  idle_ += (state == State::idle) - (place.state == State::idle);
  place.state = state;
}

ActorId ActorPool::add(int restarts) {
  assert(size_ < limits_.max);
  std::size_t at = 0;
  while (at < places_.size() && places_[at].state != State::none) ++at;
  if (at == places_.size()) places_.emplace_back();
  ++places_[at].generation;
  places_[at].restarts = restarts;
  set(places_[at], State::starting);
  return name(at);
}

bool ActorPool::on_up(ActorId id, TimeNs now) {
  Place* place = find(id);
  if (place == nullptr || place->state != State::starting) return false;
  place->idle_since = now;
  set(*place, State::idle);
  return true;
}

std::optional<int> ActorPool::on_down(ActorId id) {
  Place* place = find(id);
  if (place == nullptr) return std::nullopt;
  set(*place, State::none);
  return place->restarts;
}

std::optional<ActorId> ActorPool::acquire() {
  for (std::size_t at = 0; idle_ > 0 && at < places_.size(); ++at) {
    if (places_[at].state != State::idle) continue;
    set(places_[at], State::busy);
    return name(at);
  }
  return std::nullopt;
}

bool ActorPool::release(ActorId id, bool well, TimeNs now) {
  Place* place = find(id);
  if (place == nullptr || place->state != State::busy) return false;
  if (well) place->restarts = 0;
  place->idle_since = now;
  set(*place, State::idle);
  return true;
}

std::optional<ActorId> ActorPool::shrink(TimeNs before) {
  if (size_ <= limits_.min) return std::nullopt;
  for (std::size_t at = places_.size(); at-- > 0;) {
    if (places_[at].state != State::idle || places_[at].idle_since > before) continue;
    const ActorId id = name(at);
    set(places_[at], State::none);
    return id;
  }
  return std::nullopt;
}

std::optional<ActorId> ActorPool::take_unused() {
  for (std::size_t at = 0; at < places_.size(); ++at) {
    if (places_[at].state != State::idle && places_[at].state != State::starting) continue;
    const ActorId id = name(at);
    set(places_[at], State::none);
    return id;
  }
  return std::nullopt;
}

std::optional<TimeNs> ActorPool::idle_since() const {
  std::optional<TimeNs> oldest;
  if (size_ <= limits_.min || idle_ == 0) return oldest;
  for (const Place& place : places_) {
    if (place.state == State::idle && (!oldest || place.idle_since < *oldest)) oldest = place.idle_since;
  }
  return oldest;
}

}  // namespace shoal::data
