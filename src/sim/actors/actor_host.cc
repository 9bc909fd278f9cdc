#include "sim/actors/actor_host.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

namespace shoal::sim::actors {

void ActorHost::on_message(ProcessId from, wire::Message message) {
  if (auto* host = std::get_if<wire::HostActor>(&message)) {
    if (actor_ != nullptr || from != ProcessId{self_.node, 0})
      ledger_.fail(to_string(self_) + " is to host two actors");
    actor_ = std::make_unique<wire::HostActor>(std::move(*host));
    ledger_.hosted(actor_->actor, actor_->incarnation, self_);
    constructed_at_ = world_.now() + world_.random().between(1'000, 5'000'000);
  } else if (auto* call = std::get_if<wire::CallActor>(&message)) {
    if (actor_ == nullptr || call->actor != actor_->actor || call->incarnation != actor_->incarnation) {
      return ledger_.fail(to_string(call->task) + " came to another actor");
    }
    queue_.push_back({from, std::move(*call)});
    begin_calls(world_.now());
  }
}

void ActorHost::on_time(Time now) {
  if (actor_ != nullptr && life_ == Life::constructing && now >= constructed_at_) construct();
  std::vector<Call> done;
  std::erase_if(running_, [&](const Call& call) {
    if (call.done_at > now) return false;
    done.push_back(call);
    return true;
  });
  for (const Call& call : done) answer(call);
  if (!done.empty() && life_ == Life::lives && world_.random().chance(3)) end(world_.random().chance(50));
  begin_calls(now);
}

void ActorHost::construct() {
  if (world_.random().chance(5)) return end(false);
  life_ = Life::lives;
  say(k_control, wire::ActorStarted{actor_->actor, actor_->incarnation});
}

/// Runs no more calls; its daemon will be told to stop it.
void ActorHost::end(bool intended) {
  life_ = Life::ended;
  say(k_control,
      wire::ActorEnded{actor_->actor, actor_->incarnation, std::make_shared<const wire::Failure>(), intended});
}

void ActorHost::begin_calls(Time now) {
  while (life_ == Life::lives && running_.size() < actor_->spec->threads && !queue_.empty()) {
    Call call = std::move(queue_.front());
    queue_.pop_front();
    ledger_.began(actor_->actor, actor_->incarnation, call.what.task, call.what.attempt);
    if (world_.random().chance(2)) {
      world_.later(0, [&world = world_, self = self_] { world.kill(self, "a crash in a call"); });
      life_ = Life::ended;
    }
    call.done_at = now + world_.random().between(1'000, 300'000);
    running_.push_back(std::move(call));
  }
}

void ActorHost::answer(const Call& call) {
  if (life_ == Life::ended) return;
  if (world_.random().chance(10)) {
    auto failure = std::make_shared<wire::Failure>();
    failure->code = ErrorCode::user_function;
    say(call.caller, wire::TaskFailed{call.what.task, call.what.attempt, 0, std::move(failure), false});
  } else {
    say(call.caller, wire::TaskDone{call.what.task, call.what.attempt, 0, {}, {}, 0, false});
  }
}

std::optional<Time> ActorHost::next_time() const {
  std::optional<Time> next;
  if (actor_ != nullptr && life_ == Life::constructing) next = constructed_at_;
  for (const Call& call : running_) next = next ? std::min(*next, call.done_at) : call.done_at;
  return next;
}

void ActorHost::take_messages(std::vector<wire::Envelope>& into) {
  into.clear();
  into.swap(out_);
}

}  // namespace shoal::sim::actors
