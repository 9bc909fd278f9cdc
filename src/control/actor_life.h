#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <optional>

#include "control/table/actors.h"
#include "wire/actor.h"

/// The rules of an actor's life, each a pure function from the life before to the life after. Nothing, where an input does
/// not fit the stage, comes from another process than it must, or speaks of another incarnation: then it is stale or
/// repeated. `death` is what it dies of, where the rule says that it dies.
namespace shoal::control {

/// A life that follows on another.
struct LifeStep {
  ActorLife life;
  bool stop = false;  ///< The node of the life before is to stop its incarnation.
  friend bool operator==(const LifeStep&, const LifeStep&) = default;
};

/// Its creator has all its arguments.
std::optional<LifeStep> on_ready(const ActorLife& before);
/// A node was chosen for an actor that is to be placed.
std::optional<LifeStep> on_chosen(const ActorLife& before, std::uint32_t node);
/// The node's daemon gave it a process.
std::optional<LifeStep> on_placed(const ActorLife& before, ProcessId from, const wire::ActorPlaced& message);
/// Its process says that the constructor has run; that may overtake ActorPlaced.
std::optional<LifeStep> on_started(const ActorLife& before, ProcessId from, const wire::ActorStarted& message);
/// Its process says that the constructor threw, or that it ended: it dies of what the message says. One that ended without
/// intent is restarted.
std::optional<LifeStep> on_ended(const ActorLife& before, ProcessId from, const wire::ActorEnded& message);
/// The node's daemon says that there is no process, or none any more.
std::optional<LifeStep> on_lost(const ActorLife& before, ProcessId from, const wire::ActorLost& message,
                                const wire::FailurePtr& death);
std::optional<LifeStep> on_process_gone(const ActorLife& before, ProcessId process, const wire::FailurePtr& death);
std::optional<LifeStep> on_node_gone(const ActorLife& before, std::uint32_t node, const wire::FailurePtr& death);
/// It shall die, whatever it does.
std::optional<LifeStep> on_killed(const ActorLife& before, const wire::FailurePtr& death);
/// As if its process had died. The next incarnation waits until it has: two never run at once.
std::optional<LifeStep> on_restart_wanted(const ActorLife& before, const wire::FailurePtr& death);

/// What others are told of it.
wire::ActorPhase phase_of(const ActorLife& life);
wire::ActorNews news_of(const ActorId& actor, const ActorRecord& record);
/// Whether it is no news.
bool same_news(const wire::ActorNews& a, const wire::ActorNews& b);

}  // namespace shoal::control
