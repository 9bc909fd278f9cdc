#include "sim/actors/player.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "sim/cluster/program.h"

namespace shoal::sim::actors {

using owner::Object;

namespace {

std::shared_ptr<const wire::TaskTemplate> method() {
  wire::TaskTemplate what;
  what.name = "method";
  return std::make_shared<const wire::TaskTemplate>(std::move(what));
}

}  // namespace

Player::Player(World& world, Ledger& ledger, ProcessId self)
    : world_(world), ledger_(ledger), core_({.self = self, .node = {self.node, 0}}) {}

void Player::on_message(ProcessId from, wire::Message message) {
  core_.on_time(world_.now());
  core_.on_message(from, std::move(message));
  settle();
}

void Player::on_process_died(ProcessId process, const std::string& cause) {
  core_.on_time(world_.now());
  core_.on_process_died(process, cause);
  settle();
}

void Player::on_time(Time now) {
  core_.on_time(now);
  act(now);
  settle();
}

std::optional<Time> Player::next_time() const {
  const std::optional<Time> act = next_act(), next = core_.next_time();
  return act && next ? std::min(*act, *next) : (act ? act : next);
}

void Player::take_messages(std::vector<wire::Envelope>& into) {
  core_.dispatch();
  core_.take_messages(into);
  for (const wire::Envelope& envelope : into) says(envelope.message);
}

void Player::settle() {
  while (true) {
    for (const ObjectId& id : std::exchange(ready_, {})) {
      const auto at = open_.find(id);
      const Open open = at->second;
      open_.erase(at);
      over(open);
    }
    go_on();
    if (ready_.empty()) return;
  }
}

void Player::over(const Open& open) {
  Object& object = *open.object;
  const bool has_value = object.phase.load() == Object::Phase::value;
  if (open.expected == 0) {
    if (has_value) keep(core_.open(object.value.refs()[0], object));
  } else {
    ledger_.ended({object.id.owner, object.id.n}, !has_value);
    // What an actor dies of names its constructor; what an argument failed of is a cause.
    if (!has_value && object.failure->code == ErrorCode::actor_died && object.failure->task.empty() &&
        object.failure->causes.empty()) {
      ledger_.lost(self(), open.expected, object.failure->process);
    }
    if (has_value && cluster::number_of(object.value) != open.expected) ledger_.fail("a call has another's result");
    for (const ObjectId& id : has_value ? object.value.refs() : std::span<const ObjectId>()) {
      release(core_.open(id, object));
    }
  }
  release(&object);
}

Object* Player::any_handle() { return handles_.empty() ? nullptr : handles_[dice().next() % handles_.size()]; }

Object* Player::any_pending() {
  return open_.empty()
             ? nullptr
             : std::next(open_.begin(), static_cast<std::ptrdiff_t>(dice().next() % open_.size()))->second.object;
}

void Player::call(Object& actor) {
  static const auto k_method = method();
  owner::TaskRequest request;
  request.what = k_method;
  // What is said of the handle, through which the calls have an order.
  const std::uint64_t number = cluster::combine(actor.id.n, cluster::combine(actor.id.owner.node, actor.id.owner.n)) |
                               1;
  std::vector<ObjectId> refs;
  if (dice().chance(20)) refs.push_back(any_handle()->id);
  request.arguments = cluster::to_value(number, 0, std::move(refs));
  if (Object* const late = dice().chance(15) ? any_pending() : nullptr; late != nullptr) {
    if (open_.at(late->id).expected != 0) request.resolve.push_back(late);
  }
  Object* const result = core_.call(actor, std::move(request));
  open_.emplace(result->id, Open{result, number});
  core_.watch(result, this);
}

void Player::look_for(const std::string& name) {
  Object* const found = core_.find_actor(name);
  open_.emplace(found->id, Open{found});
  core_.watch(found, this);
}

void Player::cancel_any() {
  if (const Object* const object = any_pending(); object != nullptr) cancel(open_.at(object->id));
}

void Player::cancel_all() {
  for (const auto& [id, open] : std::map(open_)) cancel(open);
}

void Player::cancel(const Open& open) {
  if (open.expected == 0) return;
  ledger_.cancelled({open.object->id.owner, open.object->id.n});
  core_.cancel(open.object);
}

void Player::drop_any() {
  if (handles_.empty()) return;
  std::swap(handles_[dice().next() % handles_.size()], handles_.back());
  release(handles_.back());
  handles_.pop_back();
}

void Player::release(Object* object) {
  if (object->handles.fetch_sub(1) == 1) core_.released(object);
}

}  // namespace shoal::sim::actors
