#include "owner/hosted.h"

#include <memory>
#include <string>
#include <utility>

namespace shoal::owner {
namespace {

wire::FailurePtr death_by_itself(const ActorId& actor, ProcessId process, const wire::ActorSpec& spec) {
  wire::Failure failure;
  failure.code = ErrorCode::actor_died;
  failure.text = "actor " + to_string(actor) + " ended itself";
  failure.task = spec.constructor.name;
  failure.process = process;
  return std::make_shared<const wire::Failure>(std::move(failure));
}

/// What its callers are told: that it is dead, and what it died of.
wire::FailurePtr death_by_constructor(const ActorId& actor, ProcessId process, const wire::ActorSpec& spec,
                                      const wire::Failure& thrown) {
  wire::Failure failure = thrown;
  failure.causes.insert(failure.causes.begin(), {thrown.code, thrown.text});
  failure.code = ErrorCode::actor_died;
  failure.text = "actor " + to_string(actor) + " could not be constructed: " + thrown.text;
  failure.task = spec.constructor.name;
  failure.process = process;
  return std::make_shared<const wire::Failure>(std::move(failure));
}

}  // namespace

void Hosted::on(ProcessId, wire::HostActor& host) {
  if (is_there()) return;  // not from a sound peer
  actor_ = host.actor;
  incarnation_ = host.incarnation;
  spec_ = std::move(host.spec);
  gpus_ = std::move(host.gpus);
  wire::PushTask push;
  push.task = {actor_.owner, actor_.n};
  push.attempt = incarnation_;
  push.arguments = spec_->arguments;
  push.resolved = spec_->resolved;
  push.gpus = gpus_;
  runs_.enqueue(std::move(push), spec_->constructor, Role::constructor);
}

void Hosted::on(ProcessId from, wire::CallActor& call) {
  const wire::TaskTemplate* const what = runs_.find_template(from, call.task_template);
  if (what == nullptr || call.actor != actor_ || call.incarnation != incarnation_) return;  // not from a sound peer
  wire::PushTask push;
  push.task = call.task;
  push.attempt = call.attempt;
  push.arguments = std::move(call.arguments);
  push.resolved = std::move(call.resolved);
  push.age = call.age;
  push.gpus = gpus_;
  runs_.enqueue(std::move(push), *what, Role::call);
}

bool Hosted::has_room() const {
  if (!is_there()) return true;
  switch (life_) {
    case Life::constructing: return running_ == 0;
    case Life::lives: return running_ < spec_->threads;
    case Life::leaving:
    case Life::ended: break;
  }
  return false;
}

void Hosted::ended(const Execution& execution, const wire::Failure* failure) {
  if (execution.role == Role::task) return;  // one of its own, in the place of what waits for it
  --running_;
  if (execution.role != Role::constructor) return;
  if (failure != nullptr) {
    life_ = Life::ended;
    out_.send(k_control,
              wire::ActorEnded{actor_, incarnation_, death_by_constructor(actor_, self_, *spec_, *failure), false});
  } else if (life_ == Life::constructing) {
    life_ = Life::lives;
    out_.send(k_control, wire::ActorStarted{actor_, incarnation_});
  }
}

void Hosted::exit() {
  if (is_there() && life_ != Life::ended) life_ = Life::leaving;
}

void Hosted::leave_if_over() {
  if (life_ != Life::leaving || runs_.size() > runs_.queued()) return;
  life_ = Life::ended;
  out_.send(k_control, wire::ActorEnded{actor_, incarnation_, death_by_itself(actor_, self_, *spec_), true});
}

}  // namespace shoal::owner
