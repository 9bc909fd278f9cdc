#include "control/testing/oracle.h"

#include <algorithm>

namespace shoal::control {

void Oracle::hear(ProcessId from, const wire::Message& message) {
  std::visit([&](const auto& one) { hear_one(from, one); }, message);
}

void Oracle::hear_one(ProcessId, const wire::CreateActor& message) {
  if (!actors_.try_emplace(message.actor).second) return;
  actors_[message.actor].spec = message.spec;
  const std::string& name = message.spec->name;
  bool taken = false;
  if (!name.empty()) {
    taken = !names_.try_emplace(name, message.actor).second;
    expect_named_ = wire::ActorNamed{message.actor, names_.at(name)};
  }
  if (killed_ahead_.erase(message.actor) != 0 || taken) die(message.actor);
}

void Oracle::hear_one(ProcessId from, const wire::WatchActor& message) {
  watchers_[from][message.actor] = std::nullopt;
}

void Oracle::hear_one(ProcessId from, const wire::UnwatchActor& message) { watchers_[from].erase(message.actor); }

void Oracle::hear_one(ProcessId, const wire::FindActor& message) {
  const auto found = names_.find(message.name);
  expect_found_ = wire::FoundActor{message.request, found != names_.end(), {}};
  if (found != names_.end()) expect_found_->actor = found->second;
}

void Oracle::hear_one(ProcessId, const wire::KillActor& message) {
  const auto found = actors_.find(message.actor);
  if (found == actors_.end()) {
    if (!message.restart) killed_ahead_.insert(message.actor);
  } else if (!message.restart) {
    die(message.actor);
  } else if (found->second.runs()) {
    lose(found->second, true);
    if (found->second.dead) die(message.actor);
  }
}

void Oracle::hear_one(ProcessId, const wire::ActorPlaced& message) {
  Actor& actor = actors_.at(message.actor);
  if (actor.runs() && message.incarnation == actor.asked) actor.process = message.process;
}

void Oracle::hear_one(ProcessId from, const wire::ActorStarted& message) {
  Actor& actor = actors_.at(message.actor);
  if (!actor.runs() || message.incarnation != actor.asked) return;
  actor.process = from;
  actor.started = true;
}

void Oracle::hear_one(ProcessId, const wire::ActorEnded& message) {
  Actor& actor = actors_.at(message.actor);
  if (!actor.runs() || message.incarnation != actor.asked) return;
  if (actor.started && !message.intended) lose(actor, true);
  if (!actor.waits_for_end) die(message.actor);
}

void Oracle::hear_one(ProcessId, const wire::ActorLost& message) {
  Actor& actor = actors_.at(message.actor);
  if (message.incarnation != actor.asked) return;
  if (actor.runs()) lose(actor, false);
  actor.waits_for_end = false;
  if (actor.dead) die(message.actor);
}

void Oracle::hear_one(ProcessId, const wire::RegisterNode& message) {
  nodes_.insert(message.node);
  cpu_of_[message.node] = message.total.cpu;
}

void Oracle::hear_death(ProcessId process) {
  std::set<ProcessId> gone{process};
  if (process.n == 0) {
    // All of them: the test's drivers stand on no node.
    for (const auto& [watcher, watched] : watchers_) {
      if (watcher.node == process.node) gone.insert(watcher);
    }
    for (const auto& [id, actor] : actors_) {
      if (id.owner.node == process.node) gone.insert(id.owner);
    }
    nodes_.erase(process.node);
  }
  for (const ProcessId each : gone) process_gone(each);
  for (auto& [id, actor] : actors_) {
    if (actor.node != process.node || actor.asked == 0) continue;
    if (process.n != 0 && actor.process != process) continue;
    if (actor.runs()) lose(actor, false);
    actor.waits_for_end = false;
    if (actor.dead) die(id);
  }
}

void Oracle::process_gone(ProcessId process) {
  watchers_.erase(process);
  for (auto& [id, actor] : actors_) {
    if (id.owner == process && !actor.spec->detached) die(id);
  }
  std::erase_if(killed_ahead_, [&](const ActorId& id) { return id.owner == process; });
}

void Oracle::lose(Actor& actor, bool on_demand) {
  ++actor.lost;
  actor.dead = actor.spec->restarts >= 0 && actor.lost > static_cast<std::uint32_t>(actor.spec->restarts);
  actor.waits_for_end = on_demand && !actor.dead;
}

void Oracle::die(const ActorId& id) {
  Actor& actor = actors_.at(id);
  actor.dead = true;
  actor.waits_for_end = false;
  const auto held = names_.find(actor.spec->name);
  if (held != names_.end() && held->second == id) names_.erase(held);
}

void Oracle::told(const std::vector<wire::Envelope>& sent) {
  for (const wire::Envelope& each : sent) {
    std::visit([&](const auto& one) { see(each.peer, one); }, each.message);
  }
  if (expect_named_ || expect_found_) fail("no answer to the creation of a named actor, or to a question for a name");
  expect_named_.reset();
  expect_found_.reset();
}

void Oracle::see(ProcessId to, const wire::StartActor& message) {
  Actor& actor = actors_.at(message.actor);
  if (actor.dead || actor.waits_for_end) fail("an actor is started that is dead, or whose last process may live");
  if (message.incarnation != actor.current()) fail("an incarnation is started that is not the next");
  if (actor.asked >= message.incarnation) fail("an incarnation is started twice");
  if (!nodes_.contains(to.node) || to.n != 0) fail("an actor is started on a node that is not there");
  actor.asked = message.incarnation;
  actor.node = to.node;
  actor.process = k_control;
  actor.started = false;
}

void Oracle::see(ProcessId to, const wire::StopActor& message) {
  const Actor& actor = actors_.at(message.actor);
  if (message.incarnation != actor.asked || to != ProcessId{actor.node, 0}) fail("another incarnation is stopped");
  if (!actor.dead && !actor.waits_for_end) fail("an actor is stopped that shall live");
  if (!nodes_.contains(to.node)) fail("a message to a dead node");
}

void Oracle::see(ProcessId to, const wire::ActorNews& message) {
  const auto watcher = watchers_.find(to);
  if (watcher == watchers_.end() || !watcher->second.contains(message.actor))
    return fail("news to one who watches not");
  std::optional<wire::ActorNews>& last = watcher->second.at(message.actor);
  if (last && last->phase == wire::ActorPhase::dead) fail("news of one that is dead");
  if (last && last->incarnation > message.incarnation) fail("news of an old incarnation");
  if ((message.phase == wire::ActorPhase::dead) != (message.failure != nullptr)) fail("the dead have a cause");
  last = message;
}

void Oracle::see(ProcessId to, const wire::ActorNamed& message) {
  if (!expect_named_ || to != message.asked.owner || message.asked != expect_named_->asked ||
      message.actor != expect_named_->actor) {
    fail("a wrong answer to the creation of a named actor");
  }
  expect_named_.reset();
}

void Oracle::see(ProcessId, const wire::FoundActor& message) {
  if (!expect_found_ || message.request != expect_found_->request || message.found != expect_found_->found ||
      message.actor != expect_found_->actor) {
    fail("a wrong answer to a question for a name");
  }
  expect_found_.reset();
}

std::string Oracle::check(const Core& core) {
  // What could not be asked of any node waits for one, or dies.
  for (auto& [id, actor] : actors_) {
    if (actor.dead || actor.waits_for_end || actor.asked == actor.current() || nodes_.empty()) continue;
    const bool fits = std::any_of(
        nodes_.begin(), nodes_.end(),
        [&, need = actor.spec->constructor.resources.cpu](std::uint32_t node) { return cpu_of_[node] >= need; });
    if (fits) fail(to_string(id) + " waits though a node could host it");
    die(id);
  }
  for (const auto& [id, actor] : actors_) {
    if (const std::string fault = check_actor(id, actor, core); !fault.empty()) fail(to_string(id) + " " + fault);
  }
  if (core.truth().names().all() != names_) fail("the names differ");
  for (const auto& [watcher, watched] : watchers_) {
    for (const auto& [id, heard] : watched) {
      const auto actor = actors_.find(id);
      if (actor == actors_.end()) continue;  // yet to come, or never
      if (!heard) {
        fail(to_string(watcher) + " heard nothing of " + to_string(id));
      } else if ((heard->phase == wire::ActorPhase::dead) != actor->second.dead) {
        fail(to_string(watcher) + " heard wrongly whether " + to_string(id) + " is dead");
      } else if (!actor->second.dead &&
                 (heard->phase == wire::ActorPhase::alive) != (actor->second.runs() && actor->second.started)) {
        fail(to_string(watcher) + " heard wrongly whether " + to_string(id) + " is alive");
      } else if (heard->phase == wire::ActorPhase::alive && heard->process != actor->second.process) {
        fail(to_string(watcher) + " heard of another process of " + to_string(id));
      }
    }
  }
  return failure_;
}

std::string Oracle::check_actor(const ActorId& id, const Actor& actor, const Core& core) const {
  const ActorRecord* record = core.truth().actors().find(id);
  if (record == nullptr) return actor.dead ? "" : "is forgotten though it lives";
  if ((record->life.stage == Stage::dead) != actor.dead) return actor.dead ? "lives on" : "died of nothing";
  if (actor.dead) return "";
  if (record->life.incarnation != actor.current()) return "counts its incarnations wrongly";
  const std::int32_t restarts = actor.spec->restarts;
  if (restarts >= 0 && actor.lost > static_cast<std::uint32_t>(restarts)) return "was restarted too often";
  return "";
}

}  // namespace shoal::control
