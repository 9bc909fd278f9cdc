#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <string>
#include <variant>

#include "control/table/actors.h"
#include "control/table/nodes.h"
#include "wire/actor.h"

namespace shoal::control {

struct ActorRegistered {
  ActorId actor;
  wire::ActorSpecPtr spec;
  Stage stage = Stage::placing;
};
/// Its arguments are there.
struct ActorCompleted {
  ActorId actor;
  wire::ActorSpecPtr spec;
};
struct ActorChanged {
  ActorId actor;
  ActorLife life;
};
struct ActorForgotten {
  ActorId actor;
};
struct CreatorGone {
  ProcessId process;
};
struct OldestGoneCreatorForgotten {};
struct NodeJoined {
  std::uint32_t node = 0;
  NodeRecord record;
};
struct NodeDied {
  std::uint32_t node = 0;
};
struct OldestDeadNodeForgotten {};
struct JobBegan {
  ProcessId driver;
  std::string name;
};
struct JobEnded {
  ProcessId driver;
};

/// One change of the truth: a value that can be stored, and applied again.
using Change =
    std::variant<ActorRegistered, ActorCompleted, ActorChanged, ActorForgotten, CreatorGone, OldestGoneCreatorForgotten,
                 NodeJoined, NodeDied, OldestDeadNodeForgotten, JobBegan, JobEnded>;

}  // namespace shoal::control
