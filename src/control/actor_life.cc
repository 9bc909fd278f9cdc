#include "control/actor_life.h"

#include <cassert>

namespace shoal::control {
namespace {

bool has_process(const ActorLife& life) { return life.stage == Stage::starting || life.stage == Stage::alive; }

bool is_daemon_of(ProcessId from, const ActorLife& life) { return from == ProcessId{life.node, 0}; }

/// Of this process, or possibly so: which one it is may not be known yet.
bool may_host(ProcessId from, const ActorLife& life) {
  return life.process == k_control ? from.node == life.node && from.n != 0 : from == life.process;
}

LifeStep die(const ActorLife& before, const wire::FailurePtr& death, bool stop) {
  assert(death != nullptr);
  ActorLife life = before;
  life.stage = Stage::dead;
  life.node = 0;
  life.process = k_control;
  life.death = death;
  return {life, stop};
}

/// The incarnation after the one that is gone, or shall go; none where no restart is left.
std::optional<ActorLife> next_incarnation(const ActorLife& before) {
  if (before.restarts_left == 0) return std::nullopt;
  ActorLife life = before;
  life.incarnation += 1;
  if (life.restarts_left > 0) life.restarts_left -= 1;
  return life;
}

LifeStep be_placed(ActorLife life) {
  life.stage = Stage::placing;
  life.node = 0;
  life.process = k_control;
  return {life};
}

/// Its process is certainly gone.
std::optional<LifeStep> lose(const ActorLife& before, const wire::FailurePtr& death) {
  if (before.stage == Stage::stopping) return be_placed(before);
  if (!has_process(before)) return std::nullopt;
  const auto next = next_incarnation(before);
  return next ? be_placed(*next) : die(before, death, false);
}

}  // namespace

std::optional<LifeStep> on_ready(const ActorLife& before) {
  if (before.stage != Stage::registered) return std::nullopt;
  return be_placed(before);
}

std::optional<LifeStep> on_chosen(const ActorLife& before, std::uint32_t node) {
  if (before.stage != Stage::placing) return std::nullopt;
  ActorLife life = before;
  life.stage = Stage::starting;
  life.node = node;
  return LifeStep{life};
}

std::optional<LifeStep> on_placed(const ActorLife& before, ProcessId from, const wire::ActorPlaced& message) {
  if (before.stage != Stage::starting || message.incarnation != before.incarnation) return std::nullopt;
  if (!is_daemon_of(from, before) || before.process != k_control) return std::nullopt;
  if (message.process.node != before.node || message.process.n == 0) return std::nullopt;
  ActorLife life = before;
  life.process = message.process;
  return LifeStep{life};
}

std::optional<LifeStep> on_started(const ActorLife& before, ProcessId from, const wire::ActorStarted& message) {
  if (before.stage != Stage::starting || message.incarnation != before.incarnation) return std::nullopt;
  if (!may_host(from, before)) return std::nullopt;
  ActorLife life = before;
  life.stage = Stage::alive;
  life.process = from;
  return LifeStep{life};
}

std::optional<LifeStep> on_ended(const ActorLife& before, ProcessId from, const wire::ActorEnded& message) {
  if (!has_process(before) || message.incarnation != before.incarnation) return std::nullopt;
  if (!may_host(from, before)) return std::nullopt;
  const bool over = before.stage == Stage::starting || message.intended;
  return over ? die(before, message.failure, true) : on_restart_wanted(before, message.failure);
}

std::optional<LifeStep> on_lost(const ActorLife& before, ProcessId from, const wire::ActorLost& message,
                                const wire::FailurePtr& death) {
  if (!is_daemon_of(from, before)) return std::nullopt;
  const std::uint32_t hosted = before.stage == Stage::stopping ? before.incarnation - 1 : before.incarnation;
  return message.incarnation == hosted ? lose(before, death) : std::nullopt;
}

std::optional<LifeStep> on_process_gone(const ActorLife& before, ProcessId process, const wire::FailurePtr& death) {
  if (process == k_control || before.process != process) return std::nullopt;
  return lose(before, death);
}

std::optional<LifeStep> on_node_gone(const ActorLife& before, std::uint32_t node, const wire::FailurePtr& death) {
  if (node == 0 || before.node != node) return std::nullopt;
  return lose(before, death);
}

std::optional<LifeStep> on_killed(const ActorLife& before, const wire::FailurePtr& death) {
  if (before.stage == Stage::dead) return std::nullopt;
  return die(before, death, has_process(before));
}

std::optional<LifeStep> on_restart_wanted(const ActorLife& before, const wire::FailurePtr& death) {
  if (!has_process(before)) return std::nullopt;
  const auto next = next_incarnation(before);
  if (!next) return die(before, death, true);
  ActorLife life = *next;
  life.stage = Stage::stopping;
  return LifeStep{life, true};
}

wire::ActorPhase phase_of(const ActorLife& life) {
  switch (life.stage) {
    case Stage::alive: return wire::ActorPhase::alive;
    case Stage::dead: return wire::ActorPhase::dead;
    case Stage::registered:
    case Stage::placing:
    case Stage::starting:
    case Stage::stopping: break;
  }
  if (life.incarnation > 1) return wire::ActorPhase::restarting;
  return life.stage == Stage::starting ? wire::ActorPhase::starting : wire::ActorPhase::placing;
}

wire::ActorNews news_of(const ActorId& actor, const ActorRecord& record) {
  wire::ActorNews news;
  news.actor = actor;
  news.phase = phase_of(record.life);
  news.incarnation = record.life.incarnation;
  if (news.phase == wire::ActorPhase::alive) news.process = record.life.process;
  news.call_retries = record.call_retries;
  news.threads = record.threads;
  news.failure = record.life.death;
  news.instead = record.life.instead;
  return news;
}

bool same_news(const wire::ActorNews& a, const wire::ActorNews& b) {
  return a.phase == b.phase && a.incarnation == b.incarnation && a.process == b.process;
}

}  // namespace shoal::control
