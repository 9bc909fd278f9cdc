#pragma once

#include <cstdint>
#include <optional>

#include "control/loads.h"
#include "control/table/truth.h"
#include "sched/placement.h"
#include "wire/actor.h"

namespace shoal::control {

/// Which of the living nodes is to host an actor; nothing while no node lives, which only means that the cluster starts.
/// A node that is full queues it, and one that is too small for ever is never chosen. `asker`: its creator's node.
std::optional<sched::Placement> choose_node(const wire::ActorSpec& spec, std::uint32_t asker, const Nodes& nodes,
                                            const Loads& loads);

}  // namespace shoal::control
