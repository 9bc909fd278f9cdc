#pragma once

#include <shoal/base/ids.h>
#include <shoal/wire/payload.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "wire/enumerators.h"
#include "wire/failure.h"
#include "wire/resources.h"
#include "wire/task.h"

/// Actors: the control service knows where each lives; calls go from the caller straight to its process, where those of
/// one caller start in the order in which they were made. Answers are TaskDone and TaskFailed.
namespace shoal::wire {

struct ActorSpec {
  TaskTemplate constructor;  ///< Its resources are the actor's for life.
  Payload arguments;
  std::vector<Payload> resolved;
  std::string name;  ///< Empty = none.
  bool get_if_exists = false;
  bool detached = false;          ///< Lives until it is killed; else until its last handle is gone, or its creator.
  std::int32_t restarts = 0;      ///< -1 = always.
  std::int32_t call_retries = 0;  ///< Of a call that had started when the process was lost; -1 = always.
  std::uint32_t threads = 1;      ///< Calls that run at once.
};

using ActorSpecPtr = std::shared_ptr<const ActorSpec>;  ///< Never null in a message.

enum class ActorPhase : std::uint8_t { placing, starting, alive, restarting, dead };

// To the control service.
/// Its creator numbers its actors upwards, in the order in which it sends these.
struct CreateActor {
  ActorId actor;
  ActorSpecPtr spec;
  bool waits = false;  ///< Until ActorReady: values among its arguments are not there yet.
};
/// Follows a CreateActor that waits.
struct ActorReady {
  ActorId actor;
  std::vector<Payload> resolved;
};
/// Answered by ActorNews now and after each change.
struct WatchActor {
  ActorId actor;
};
struct UnwatchActor {
  ActorId actor;
};
struct FindActor {
  std::uint64_t request = 0;
  std::string name;
};
/// `restart`: as if its process had died.
struct KillActor {
  ActorId actor;
  bool restart = false;
  std::string cause;
};
/// Of the process that hosts it.
struct ActorStarted {
  ActorId actor;
  std::uint32_t incarnation = 0;
};
struct ActorEnded {
  ActorId actor;
  std::uint32_t incarnation = 0;
  FailurePtr failure;     ///< What it dies of: `actor_died`, with what its constructor threw as the cause.
  bool intended = false;  ///< It ended itself: no restart.
};

// From the control service.
struct ActorNews {
  ActorId actor;
  ActorPhase phase = ActorPhase::placing;
  std::uint32_t incarnation = 0;  ///< Counts from 1 with the first process.
  ProcessId process;              ///< While alive.
  std::int32_t call_retries = 0;
  std::uint32_t threads = 1;
  FailurePtr failure;  ///< Once dead.
  ActorId instead;     ///< Likewise, of one that get_if_exists created under a taken name: who has it; else nobody.
};
/// Answer to CreateActor with a name: `actor` has it, which is another than `asked` where the name was taken. Then it is
/// what get_if_exists asked for, or `asked` is dead (ActorNews says so too).
struct ActorNamed {
  ActorId asked;
  ActorId actor;
};
struct FoundActor {
  std::uint64_t request = 0;
  bool found = false;
  ActorId actor;
};
/// To a node's daemon: have a process host it. Answered by ActorPlaced.
struct StartActor {
  ActorId actor;
  std::uint32_t incarnation = 0;
  ActorSpecPtr spec;
};
/// To a node's daemon: there shall be no process of this incarnation, even if its StartActor waits. Answered by ActorLost
/// once there is none: only then the next incarnation may start, on whatever node.
struct StopActor {
  ActorId actor;
  std::uint32_t incarnation = 0;
};

// From the node's daemon.
struct ActorPlaced {
  ActorId actor;
  std::uint32_t incarnation = 0;
  ProcessId process;
};
/// Its process is gone, or there will be none. The last that the daemon says of an incarnation.
struct ActorLost {
  ActorId actor;
  std::uint32_t incarnation = 0;
  std::string cause;
};
/// To the process.
struct HostActor {
  ActorId actor;
  std::uint32_t incarnation = 0;
  ActorSpecPtr spec;
  std::vector<std::uint32_t> gpus;
};

/// From a caller to the process.
struct CallActor {
  ActorId actor;
  std::uint32_t incarnation = 0;
  TaskId task;
  std::uint32_t attempt = 0;
  std::uint32_t task_template = 0;
  Payload arguments;
  std::vector<Payload> resolved;
  std::uint64_t age = 0;  ///< As PushTask::age.
};

}  // namespace shoal::wire

template <>
inline constexpr std::uint64_t shoal::enum_values<shoal::wire::ActorPhase> =
    shoal::wire::enumerator_count<shoal::wire::ActorPhase>();
