#include "owner/objects.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "owner/actor.h"

namespace shoal::owner {

using Borrow = Object::Borrow;
using Phase = Object::Phase;

std::vector<Payload> values_of(std::span<Object* const> objects) {
  std::vector<Payload> values;
  values.reserve(objects.size());
  for (const Object* const object : objects) values.push_back(object->value);
  return values;
}

wire::FailurePtr lost_object(ErrorCode code, const ObjectId& id, const std::string& cause) {
  wire::Failure failure;
  failure.code = code;
  failure.text = to_string(id) + ": " + cause;
  failure.process = id.owner;
  return std::make_shared<const wire::Failure>(std::move(failure));
}

// The program may end while references are still held here or elsewhere: then this is memory and nothing else.
Objects::~Objects() {
  table_.for_each([this](Object& object) { slab_.destroy(&object); });
}

Object::Interest& Objects::interest(Object& object) {
  if (object.interest == nullptr) object.interest = std::make_unique<Object::Interest>();
  return *object.interest;
}

Object* Objects::make(const ObjectId& id) {
  Object* const object = slab_.make(id);
  table_.add(*object);
  return object;
}

// --- References that came from elsewhere.

Object& Objects::borrow(const ObjectId& id) {
  Object& object = *make(id);
  borrowed_.emplace(id, &object);
  object.borrow = Borrow::covered;
  if (dead_.contains(id.owner))
    orphan(object, lost_object(ErrorCode::owner_died, id, "the process that owned it is gone"));
  return object;
}

Object* Objects::open_unknown(const ObjectId& id) {
  Object* const object = make(id);
  set_failure(*object, lost_object(ErrorCode::object_lost, id, "it was freed before this reference to it was opened"));
  return object;
}

Object* Objects::open_covered(const ObjectId& id, std::vector<Object*>& opened) {
  Object* object = find(id);
  if (object == nullptr && id.owner == self_) return open_unknown(id);
  if (object == nullptr) object = &borrow(id);
  if (object->borrow == Borrow::covered && std::find(opened.begin(), opened.end(), object) == opened.end()) {
    pin(*object);
    opened.push_back(object);
  }
  return object;
}

Object* Objects::open_inside(const ObjectId& id, Object& outer) {
  if (Object* const known = find(id)) return known;
  if (id.owner == self_) return open_unknown(id);
  Object& object = borrow(id);
  if (object.borrow == Borrow::orphan) return &object;
  add(object);
  pin(outer);
  interest(object).outer = &outer;
  return &object;
}

Object* Objects::open_found(const ObjectId& id) {
  if (Object* const known = find(id)) return known;
  if (id.owner == self_) return make(id);  // it is detached, and was let go of here
  Object& object = borrow(id);
  if (object.borrow != Borrow::orphan) add(object);
  return &object;
}

void Objects::add(Object& object) {
  object.borrow = Borrow::adding;
  out_.send(object.id.owner, wire::BorrowAdd{object.id});
}

bool Objects::await_registration(Object& object, Hold& hold) {
  if (object.borrow == Borrow::covered) add(object);
  if (object.borrow != Borrow::adding) return false;
  ++hold.missing;
  interest(object).holds.push_back(&hold);
  return true;
}

void Objects::uncover(std::vector<Object*>& opened, Hold& hold) {
  for (Object* const object : opened) {
    --object->pins;
    if (is_needed(*object)) {
      await_registration(*object, hold);
    } else {
      free_now(*object);
    }
  }
  opened.clear();
}

void Objects::hold_all(std::span<const ObjectId> ids, Hold& hold) {
  for (const ObjectId& id : ids) {
    Object* object = find(id);
    if (object == nullptr) object = id.owner == self_ ? open_unknown(id) : &borrow(id);
    pin(*object);
    await_registration(*object, hold);
  }
}

void Objects::on(ProcessId, const wire::BorrowAdded& message) {
  Object* const object = find(message.object);
  if (object == nullptr || object->borrow != Borrow::adding) return;
  if (message.known) {
    object->borrow = Borrow::registered;
    settle_holds(*object);
  } else {
    orphan(*object, lost_object(ErrorCode::object_lost, object->id,
                                "its owner had freed it before this process could say that it holds a reference"));
  }
  free_if_unneeded(*object);
}

void Objects::orphan(Object& object, wire::FailurePtr why) {
  object.borrow = Borrow::orphan;
  settle_holds(object);
  if (object.actor != nullptr) return;  // may live on: what the control service says of it counts
  if (object.phase.load(std::memory_order_relaxed) == Phase::pending) set_failure(object, std::move(why));
}

void Objects::settle_holds(Object& object) {
  if (object.interest == nullptr) return;
  if (Object* const outer = std::exchange(object.interest->outer, nullptr)) unpin(*outer);
  for (Hold* const hold : std::exchange(object.interest->holds, {})) {
    if (--hold->missing == 0) settled_.push_back(hold);
  }
}

void Objects::on(ProcessId from, const wire::BorrowAdd& message) {
  Object* const object = find(message.object);
  const bool known = object != nullptr && object->borrow == Borrow::own;
  if (known) {
    std::vector<ProcessId>& borrowers = interest(*object).borrowers;
    const auto place = std::lower_bound(borrowers.begin(), borrowers.end(), from);
    if (place == borrowers.end() || *place != from) borrowers.insert(place, from);
    lent_[from].insert(object->id);
  }
  out_.send(from, wire::BorrowAdded{message.object, known});
}

void Objects::on(ProcessId from, const wire::BorrowDrop& message) {
  Object* const object = find(message.object);
  if (object == nullptr || object->borrow != Borrow::own) return;
  std::erase(interest(*object).borrowers, from);
  if (const auto of = lent_.find(from); of != lent_.end()) {
    of->second.erase(object->id);
    if (of->second.empty()) lent_.erase(of);
  }
  free_if_unneeded(*object);
}

// --- Values.

void Objects::set_value(Object& object, Payload value) {
  assert(object.phase.load(std::memory_order_relaxed) == Phase::pending);
  for (const ObjectId& id : value.refs()) {
    Object* const inner = find(id);
    assert(inner != nullptr);
    ++inner->outers;
  }
  give_value(object, std::move(value));
}

void Objects::give_value(Object& object, Payload value) {
  object.value = std::move(value);
  object.phase.store(Phase::value, std::memory_order_release);
  become_ready(object);
}

void Objects::set_failure(Object& object, wire::FailurePtr failure) {
  assert(object.phase.load(std::memory_order_relaxed) == Phase::pending);
  object.failure = std::move(failure);
  object.phase.store(Phase::failed, std::memory_order_release);
  become_ready(object);
}

void Objects::become_ready(Object& object) {
  object.maker = nullptr;
  if (object.interest == nullptr) return;
  unblocked_.insert(unblocked_.end(), object.interest->needed_by.begin(), object.interest->needed_by.end());
  object.interest->needed_by.clear();
  for (const ProcessId fetcher : std::exchange(object.interest->fetchers, {})) answer(fetcher, object);
  for (Waiter* const waiter : std::exchange(object.interest->waiters, {})) waiter->on_ready(object);
}

void Objects::answer(ProcessId fetcher, const Object& object) {
  if (object.phase.load(std::memory_order_relaxed) == Phase::value) {
    out_.send(fetcher, wire::ValueIs{object.id, object.value});
  } else {
    out_.send(fetcher, wire::ValueFailed{object.id, object.failure});
  }
}

void Objects::watch(Object& object, Waiter* waiter) {
  if (object.phase.load(std::memory_order_relaxed) != Phase::pending) return waiter->on_ready(object);
  interest(object).waiters.push_back(waiter);
  fetch(object);
}

void Objects::unwatch(Object& object, Waiter* waiter) {
  if (object.interest != nullptr) std::erase(object.interest->waiters, waiter);
}

void Objects::add_need(Object& object, Need& need) {
  if (object.phase.load(std::memory_order_relaxed) != Phase::pending) return;
  ++need.missing;
  interest(object).needed_by.push_back(&need);
  fetch(object);
}

void Objects::forget_need(std::span<Object* const> objects, Need& need) {
  for (Object* const object : objects) {
    if (object->interest != nullptr) std::erase(object->interest->needed_by, &need);
  }
  std::erase(unblocked_, &need);
}

void Objects::tell_claimable(Object& object) {
  if (object.interest == nullptr) return;
  for (Waiter* const waiter : object.interest->waiters) waiter->on_claimable(object);
}

void Objects::fetch(Object& object) {
  if (object.borrow == Borrow::own || object.borrow == Borrow::orphan || object.fetching) return;
  object.fetching = true;
  out_.send(object.id.owner, wire::FetchValue{object.id});
}

void Objects::on(ProcessId from, const wire::FetchValue& message) {
  Object* const object = find(message.object);
  if (object == nullptr || object->borrow != Borrow::own) {
    out_.send(from, wire::ValueFailed{message.object,
                                      lost_object(ErrorCode::object_lost, message.object, "its owner has freed it")});
    return;
  }
  if (object->phase.load(std::memory_order_relaxed) != Phase::pending) return answer(from, *object);
  interest(*object).fetchers.push_back(from);
}

// A borrowed value keeps nothing alive here: its owner holds what it refers to as long as this process is registered.
void Objects::on(ProcessId, wire::ValueIs& message) {
  Object* const object = find(message.object);
  if (object == nullptr || object->phase.load(std::memory_order_relaxed) != Phase::pending) return;
  give_value(*object, std::move(message.value));
  free_if_unneeded(*object);
}

void Objects::on(ProcessId, wire::ValueFailed& message) {
  Object* const object = find(message.object);
  if (object == nullptr || object->phase.load(std::memory_order_relaxed) != Phase::pending) return;
  set_failure(*object, std::move(message.failure));
  free_if_unneeded(*object);
}

// --- Deaths.

void Objects::on_process_died(ProcessId process, const std::string& cause) {
  dead_.insert(process);
  std::vector<Object*> owned;
  for (auto it = borrowed_.lower_bound(ObjectId{process}); it != borrowed_.end() && it->first.owner == process; ++it) {
    owned.push_back(it->second);
  }
  for (Object* const object : owned) ++object->pins;  // none goes while the others are told
  for (Object* const object : owned) {
    orphan(*object, lost_object(ErrorCode::owner_died, object->id, "the process that owned it is gone: " + cause));
  }
  for (Object* const object : owned) unpin(*object);

  const auto lent = lent_.extract(process);
  if (lent.empty()) return;
  for (const ObjectId& id : lent.mapped()) {
    Object* const object = find(id);
    std::erase(interest(*object).borrowers, process);
    free_if_unneeded(*object);
  }
}

void Objects::add_peers(std::set<ProcessId>& peers) const {
  for (const auto& [id, object] : borrowed_) peers.insert(id.owner);
  for (const auto& [borrower, objects] : lent_) peers.insert(borrower);
}

// --- The end of objects.

void Objects::unpin(Object& object) {
  assert(object.pins > 0);
  --object.pins;
  free_if_unneeded(object);
}

void Objects::unpin_all(std::span<const ObjectId> ids) {
  for (const ObjectId& id : ids) unpin(*find(id));
}

bool Objects::is_needed(const Object& object) const {
  return object.handles.load(std::memory_order_acquire) > 0 || object.pins > 0 || object.outers > 0 ||
         object.maker != nullptr || object.borrow == Borrow::adding ||
         (object.interest != nullptr && !object.interest->borrowers.empty());
}

void Objects::free_if_unneeded(Object& object) {
  if (!is_needed(object)) free_now(object);
}

void Objects::free_now(Object& object) {
  to_free_.push_back(&object);
  if (freeing_) return;
  freeing_ = true;
  while (!to_free_.empty()) {
    Object* const next = to_free_.back();
    to_free_.pop_back();
    if (next->borrow == Borrow::own) {
      for (const ObjectId& id : next->value.refs()) {
        Object* const inner = find(id);
        --inner->outers;
        if (!is_needed(*inner)) to_free_.push_back(inner);
      }
    } else {
      if (next->borrow == Borrow::registered) out_.send(next->id.owner, wire::BorrowDrop{next->id});
      borrowed_.erase(next->id);
    }
    if (next->actor != nullptr) {
      next->actor->object = nullptr;
      let_go_.push_back(next->actor);
    }
    table_.remove(*next);
    slab_.destroy(next);
  }
  freeing_ = false;
}

}  // namespace shoal::owner
