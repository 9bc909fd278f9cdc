#pragma once

#include <shoal/base/ids.h>

#include <memory>
#include <optional>
#include <vector>

#include "owner/actor_calls.h"
#include "owner/object.h"
#include "owner/task.h"
#include "wire/actor.h"

namespace shoal::owner {

/// An actor that this process created or calls: how its calls are sent, and what its constructor may need once more.
/// Made and destroyed by Actors; an object that stands for it here points to it.
struct Actor : Need {
  explicit Actor(const ActorId& its_id) : Need(Whose::actor), id(its_id), calls(std::make_unique<ActorCalls>(its_id)) {}

  ActorId id;                     ///< Whom calls go to: see wire::ActorNews::instead.
  bool is_watched = false;        ///< As long as it is not dead.
  bool is_let_go = false;         ///< Nothing here or elsewhere holds its object any more.
  bool dies_with_object = false;  ///< Of its creator, unless it is detached.
  Object* object = nullptr;       ///< That stands for it, pinned by each call; null once it is freed.
  std::unique_ptr<ActorCalls> calls;
  TaskList unsent, sent;                      ///< Calls that are not over, in order.
  std::vector<Object*> resolve;               ///< Of its creator, pinned as long as it may be constructed.
  std::vector<ObjectId> refs;                 ///< In its arguments, likewise.
  Object* instead = nullptr;                  ///< Stands for the other actor that get_if_exists found; pinned.
  std::optional<wire::KillActor> early_kill;  ///< Said before it was known whether there is another instead.
};

}  // namespace shoal::owner
