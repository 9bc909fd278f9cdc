#include "control/turn.h"

#include <utility>

#include "control/death.h"
#include "control/placing.h"

namespace shoal::control {

void Turn::record(Change change) {
  state_.truth.apply(change);
  if (state_.keep_changes) state_.changes.push_back(std::move(change));
}

void Turn::send(ProcessId to, wire::Message message) { state_.messages.push_back({to, std::move(message)}); }

void Turn::register_actor(const ActorId& actor, wire::ActorSpecPtr spec, Stage stage) {
  before_.emplace(actor, std::nullopt);
  record(ActorRegistered{actor, std::move(spec), stage});
}

void Turn::step(const ActorId& actor, const std::optional<LifeStep>& step) {
  if (!step) return;
  const ActorRecord& known = *truth().actors().find(actor);
  note(actor);
  const ActorLife life = known.life;
  const wire::ActorSpecPtr spec = known.spec;
  record(ActorChanged{actor, step->life});
  state_.loads.follow(*spec, life, step->life);
  if (step->stop && truth().nodes().is_alive(life.node)) {
    send({life.node, 0}, wire::StopActor{actor, life.incarnation});
  }
  if (step->life.stage == Stage::placing) place(actor);
}

void Turn::place(const ActorId& actor) {
  const ActorRecord& known = *truth().actors().find(actor);
  const wire::ActorSpecPtr spec = known.spec;
  const auto placement = choose_node(*spec, actor.owner.node, truth().nodes(), state_.loads);
  if (!placement) return;
  if (placement->outcome == sched::Placement::Outcome::infeasible) {
    step(actor, on_killed(known.life, death_by_want(actor, known, placement->text)));
    return;
  }
  step(actor, on_chosen(known.life, placement->node));
  send({placement->node, 0}, wire::StartActor{actor, truth().actors().find(actor)->life.incarnation, spec});
}

void Turn::tell(ProcessId watcher, const ActorId& actor) {
  send(watcher, news_of(actor, *truth().actors().find(actor)));
}

void Turn::tell_unknown(const ActorId& actor) {
  wire::ActorNews news;
  news.actor = actor;
  news.phase = wire::ActorPhase::dead;
  news.failure = death_long_ago(actor);
  for (const ProcessId watcher : state_.watches.remove_actor(actor)) send(watcher, news);
}

void Turn::watch(const ActorId& actor, ProcessId watcher) {
  state_.watches.add(actor, watcher);
  note(actor);
}

void Turn::unwatch(const ActorId& actor, ProcessId watcher) {
  state_.watches.remove(actor, watcher);
  after_unwatch(actor);
}

void Turn::unwatch_all(ProcessId watcher) {
  for (const ActorId& actor : state_.watches.remove_watcher(watcher)) after_unwatch(actor);
}

void Turn::note(const ActorId& actor) {
  // What stands there already is from before the turn, or nothing: the actor is new.
  const ActorRecord* known = truth().actors().find(actor);
  if (known != nullptr) before_.try_emplace(actor, news_of(actor, *known));
}

void Turn::after_unwatch(const ActorId& actor) {
  note(actor);
  if (!watches().is_watched(actor) && !awaited().is_killed(actor)) awaited().remove(actor);
}

void Turn::end() {
  for (const auto& [actor, before] : before_) {
    const ActorRecord& known = *truth().actors().find(actor);
    const wire::ActorNews now = news_of(actor, known);
    if (!before || !same_news(*before, now)) {
      for (const ProcessId watcher : watches().of(actor)) send(watcher, now);
    }
    if (known.life.stage != Stage::dead) continue;
    if (watches().is_watched(actor)) {
      state_.graves.remove(actor);
    } else {
      state_.graves.add(actor);
    }
  }
  before_.clear();
  while (const auto oldest = state_.graves.beyond(state_.dead_actors_max)) {
    state_.graves.remove(*oldest);
    record(ActorForgotten{*oldest});
  }
}

}  // namespace shoal::control
