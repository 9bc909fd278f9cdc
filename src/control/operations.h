#pragma once

#include <shoal/base/ids.h>

#include <string>

#include "control/limits.h"
#include "control/turn.h"
#include "wire/message.h"

/// What the control service does, one function for each input: it validates, decides, records and publishes. Each stands
/// in a file of its own, op/NAME.cc; Core forwards to it. `from` is the process that sent the message.
/// A new one: its message in wire/, its declaration here, its file, its line in Core, its tests in op/NAME_test.cc.
namespace shoal::control {

void create_actor(Turn& turn, ProcessId from, const wire::CreateActor& message);
void actor_ready(Turn& turn, ProcessId from, const wire::ActorReady& message);
void watch_actor(Turn& turn, ProcessId from, const wire::WatchActor& message);
void unwatch_actor(Turn& turn, ProcessId from, const wire::UnwatchActor& message);
void find_actor(Turn& turn, ProcessId from, const wire::FindActor& message);
void kill_actor(Turn& turn, ProcessId from, const wire::KillActor& message);

void actor_placed(Turn& turn, ProcessId from, const wire::ActorPlaced& message);
void actor_started(Turn& turn, ProcessId from, const wire::ActorStarted& message);
void actor_ended(Turn& turn, ProcessId from, const wire::ActorEnded& message);
void actor_lost(Turn& turn, ProcessId from, const wire::ActorLost& message);

void register_node(Turn& turn, ProcessId from, const wire::RegisterNode& message);
void node_load(Turn& turn, ProcessId from, const wire::NodeLoad& message);
void register_job(Turn& turn, ProcessId from, const wire::RegisterJob& message);
void ask_cluster(Turn& turn, ProcessId from, const wire::AskCluster& message);

/// A node's daemon takes its workers along; its drivers live on.
void process_died(Turn& turn, ProcessId process, const std::string& cause);
void time_passed(Turn& turn, Time now);

}  // namespace shoal::control
