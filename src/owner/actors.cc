#include "owner/actors.h"

#include <algorithm>
#include <cassert>
#include <utility>
#include <variant>

namespace shoal::owner {
namespace {

ObjectId object_of(const ActorId& actor) { return {actor.owner, actor.n, 0}; }

Task& find_unsent(const Actor& actor, ActorCalls::Call number) {
  Task* call = actor.unsent.first();
  while (call->id.n != number) call = call->next;
  return *call;
}

wire::CallActor message_of(const Actor& actor, const Task& call, std::uint32_t incarnation) {
  wire::CallActor message;
  message.actor = actor.id;
  message.incarnation = incarnation;
  message.task = call.id;
  message.attempt = call.attempt;
  message.task_template = call.of->id;
  message.arguments = call.arguments;
  message.resolved = values_of(call.resolve);
  message.age = call.age;
  return message;
}

}  // namespace

Actors::~Actors() {
  for (const auto& [id, actor] : actors_) slab_.destroy(actor);
}

// --- Records.

Actor& Actors::make(Object& object, const ActorId& id) {
  Actor& actor = *slab_.make(id);
  actor.object = &object;
  object.actor = &actor;
  watch(actor);
  return actor;
}

void Actors::destroy(Actor& actor) {
  forget(actor);
  if (actor.instead != nullptr) objects_.unpin(*actor.instead);
  slab_.destroy(&actor);
}

void Actors::forget(Actor& actor) {
  unwatch(actor);
  auto at = actors_.find(actor.id);
  while (at->second != &actor) ++at;
  actors_.erase(at);
}

void Actors::watch(Actor& actor) {
  actors_.emplace(actor.id, &actor);
  actor.is_watched = true;
  out_.send(k_control, wire::WatchActor{actor.id});
}

void Actors::unwatch(Actor& actor) {
  if (!std::exchange(actor.is_watched, false)) return;
  const auto [first, last] = actors_.equal_range(actor.id);
  if (std::none_of(first, last, [](const auto& each) { return each.second->is_watched; })) {
    out_.send(k_control, wire::UnwatchActor{actor.id});
  }
}

Actor& Actors::of(Object& object) {
  if (object.actor != nullptr) return *object.actor;
  return make(object, {object.id.owner, object.id.n});
}

// --- Creating, finding, killing.

Object* Actors::create(ActorRequest request, std::uint64_t n) {
  Object& object = *objects_.make({self_, n, 0});
  object.handles.store(1, std::memory_order_relaxed);
  const ActorId id{self_, n};
  auto spec = std::make_shared<const wire::ActorSpec>(std::move(request.spec));
  out_.send(k_control, wire::CreateActor{id, spec, !request.resolve.empty()});

  Actor& actor = make(object, id);
  actor.dies_with_object = !spec->detached;
  actor.refs.assign(spec->arguments.refs().begin(), spec->arguments.refs().end());
  for (const ObjectId& ref : actor.refs) objects_.pin(*objects_.find(ref));
  actor.resolve = std::move(request.resolve);
  for (Object* const each : actor.resolve) {
    objects_.pin(*each);
    objects_.add_need(*each, actor);
  }
  if (actor.missing == 0 && !actor.resolve.empty()) begin(actor);
  return &object;
}

void Actors::unblock(Actor& actor) {
  if (--actor.missing == 0) begin(actor);
}

/// All arguments of its constructor are there.
void Actors::begin(Actor& actor) {
  wire::ActorReady message{actor.id, {}};
  for (const Object* const each : actor.resolve) {
    if (each->failure != nullptr) {
      const std::string cause = "the argument " + to_string(each->id) + " of its constructor failed: ";
      return out_.send(k_control, wire::KillActor{actor.id, false, cause + each->failure->text});
    }
    message.resolved.push_back(each->value);
  }
  out_.send(k_control, std::move(message));
}

Object* Actors::find(std::string name, std::uint64_t n) {
  Object& object = *objects_.make({self_, n, 0});
  object.handles.store(1, std::memory_order_relaxed);
  objects_.pin(object);
  finding_.emplace(n, Finding{&object, name});
  out_.send(k_control, wire::FindActor{n, std::move(name)});
  return &object;
}

void Actors::on(ProcessId, const wire::FoundActor& found) {
  const auto at = finding_.find(found.request);
  if (at == finding_.end()) return;
  Object& object = *at->second.object;
  if (found.found) {
    const ObjectId id = objects_.open_found(object_of(found.actor))->id;
    Payload value;
    value.set_beside({id}, {});
    objects_.set_value(object, std::move(value));
  } else {
    wire::Failure failure;
    failure.code = ErrorCode::not_found;
    failure.text = "no actor has the name \"" + at->second.name +
                   "\": it was not spawned yet, or it has ended, as it does with its last handle unless it is detached";
    failure.process = k_control;
    objects_.set_failure(object, std::make_shared<const wire::Failure>(std::move(failure)));
  }
  finding_.erase(at);
  objects_.unpin(object);
}

void Actors::kill(Object& object, bool restart, std::string cause) {
  Actor& actor = of(object);
  wire::KillActor message{actor.id, restart, std::move(cause)};
  if (!actor.calls->heard_news()) actor.early_kill = message;
  out_.send(k_control, std::move(message));
}

// --- Calls.

void Actors::add(Task& call) {
  Actor& actor = *call.actor;
  objects_.pin(*actor.object);
  actor.unsent.push_back(call);
  actor.calls->add(call.id.n);
  perform(actor);
}

void Actors::ready(Task& call) {
  call.state = Task::State::queued;
  call.actor->calls->ready(call.id.n);
  perform(*call.actor);
}

void Actors::withdraw(Task& call) {
  call.actor->unsent.remove(call);
  call.actor->calls->withdraw(call.id.n);
  perform(*call.actor);
}

void Actors::ended(Task& call) {
  call.actor->sent.remove(call);
  call.actor->calls->answered(call.id.n, call.attempt);
  perform(*call.actor);
}

void Actors::unpin(Task& call) { objects_.unpin(*std::exchange(call.actor, nullptr)->object); }

/// Does what the queue of its calls decided.
void Actors::perform(Actor& actor) {
  while (true) {
    actor.calls->take_actions(actions_);
    if (actions_.empty()) return;
    for (const ActorCalls::Action& action : actions_) {
      if (const auto* what = std::get_if<ActorCalls::Send>(&action)) {
        send(actor, *what);
      } else {
        const auto& fail = std::get<ActorCalls::Fail>(action);
        lose(actor, find_unsent(actor, fail.call), fail.failure);
      }
    }
  }
}

void Actors::send(Actor& actor, const ActorCalls::Send& what) {
  Task& call = find_unsent(actor, what.call);
  if (call.cancelled) {  // while it was with a process that is gone
    actor.calls->answered(what.call, what.attempt);
    return lose(actor, call, nullptr);
  }
  actor.unsent.remove(call);
  actor.sent.push_back(call);
  call.state = Task::State::pushed;
  call.attempt = what.attempt;
  call.worker = what.process;
  leases_.introduce(*call.of, what.process);
  out_.send(what.process, message_of(actor, call, what.incarnation));
}

void Actors::lose(Actor& actor, Task& call, wire::FailurePtr failure) {
  actor.unsent.remove(call);
  call.state = Task::State::settling;
  lost_.push_back({&call, std::move(failure)});
}

// --- What becomes of actors.

void Actors::on(ProcessId, const wire::ActorNews& news) {
  std::vector<Actor*> actors;
  for (auto [at, last] = actors_.equal_range(news.actor); at != last; ++at) {
    if (at->second->is_watched) actors.push_back(at->second);
  }
  for (Actor* const actor : actors) {
    if (news.phase == wire::ActorPhase::dead && news.instead != ActorId{} && !actor->is_let_go) {
      turn_to(*actor, news.instead);
      continue;
    }
    actor->early_kill.reset();
    actor->calls->on_news(news, objects_.is_dead(news.process));
    perform(*actor);
    if (news.phase == wire::ActorPhase::dead) die(*actor, news.failure);
  }
}

/// get_if_exists found another, to which all goes that is meant for this one.
void Actors::turn_to(Actor& actor, const ActorId& instead) {
  forget(actor);
  let_go_of_arguments(actor);
  actor.id = instead;
  actor.dies_with_object = false;
  actor.instead = objects_.open_found(object_of(instead));
  objects_.pin(*actor.instead);
  actor.calls = std::make_unique<ActorCalls>(instead);
  for (const Task* call = actor.unsent.first(); call != nullptr; call = call->next) {
    actor.calls->add(call->id.n);
    if (call->state == Task::State::queued) actor.calls->ready(call->id.n);
  }
  watch(actor);
  if (auto kill = std::exchange(actor.early_kill, std::nullopt)) {
    kill->actor = instead;
    out_.send(k_control, *std::move(kill));
  }
}

void Actors::die(Actor& actor, const wire::FailurePtr& failure) {
  unwatch(actor);
  let_go_of_arguments(actor);
  if (actor.is_let_go) return destroy(actor);
  if (actor.object == nullptr) return;
  if (actor.object->phase.load(std::memory_order_relaxed) == Object::Phase::pending) {
    objects_.set_failure(*actor.object, failure);
  }
}

void Actors::let_go_of_arguments(Actor& actor) {
  objects_.forget_need(actor.resolve, actor);
  objects_.unpin_all(std::exchange(actor.refs, {}));
  for (Object* const each : std::exchange(actor.resolve, {})) objects_.unpin(*each);
}

void Actors::let_go(Actor& actor) {
  actor.is_let_go = true;
  const bool is_dead = actor.calls->is_dead();
  if (actor.dies_with_object && !is_dead) {
    out_.send(k_control, wire::KillActor{actor.id, false, "nobody has a handle on it any more"});
  }
  // Its constructor may run, now or again: what it was given stays until the actor is dead for good.
  if (is_dead || (actor.refs.empty() && actor.resolve.empty())) destroy(actor);
}

void Actors::on_process_died(ProcessId process, const std::string& cause) {
  for (const auto& [id, actor] : actors_) lose_process(*actor, process, cause);
}

void Actors::add_hosts(std::set<ProcessId>& hosts) const {
  for (const auto& [id, actor] : actors_) {
    if (!actor->sent.empty()) hosts.insert(actor->sent.first()->worker);
  }
}

void Actors::close() {
  const auto failure = [this](const ObjectId& id) {
    return lost_object(ErrorCode::cancelled, id, "process " + to_string(self_) + " was ended");
  };
  for (const auto& [request, finding] : std::exchange(finding_, {})) {
    objects_.set_failure(*finding.object, failure(finding.object->id));
    objects_.unpin(*finding.object);
  }
  std::vector<Actor*> actors;
  for (const auto& [id, actor] : actors_) actors.push_back(actor);
  for (Actor* const actor : actors) die(*actor, failure(object_of(actor->id)));
}

void Actors::lose_process(Actor& actor, ProcessId process, const std::string& cause) {
  std::vector<Task*> cancelled;
  if (!actor.sent.empty() && actor.sent.first()->worker == process) {
    while (Task* const call = actor.sent.last()) {
      actor.sent.remove(*call);
      actor.unsent.push_front(*call);
      call->state = Task::State::queued;
      if (call->cancelled) cancelled.push_back(call);
    }
  }
  actor.calls->on_process_died(process, cause);
  for (Task* const call : cancelled) {
    if (actor.calls->withdraw(call->id.n)) lose(actor, *call, nullptr);
  }
  perform(actor);
}

}  // namespace shoal::owner
