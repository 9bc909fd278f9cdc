#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace shoal::control {

/// Bounds of the control service that no message sets.

/// Dead actors that nobody watches whose cause of death is still told to who asks late; older ones are "long gone". Each
/// takes a few hundred bytes: its arguments went with its life.
inline constexpr std::size_t k_dead_actors_max = 4096;
/// Dead nodes that are still listed, so that people see what they lost.
inline constexpr std::size_t k_dead_nodes_max = 256;
/// Processes that created actors and died, so that an actor of theirs that is not known is gone and not yet to come. A
/// hundred bytes each.
inline constexpr std::size_t k_gone_creators_max = 65'536;
/// How long a watch or a kill waits for an actor that nobody has created yet: a handle may overtake its actor's
/// CreateActor, which takes another way. Longer than a message takes over a channel that broke and came back.
inline constexpr Time k_overtaken_wait_ns = 10'000'000'000;
/// Actors that are watched or killed ahead of their creation. Above it they are taken for long gone.
inline constexpr std::size_t k_overtaken_max = 65'536;

static_assert(k_overtaken_wait_ns > 0, "else a handle that overtakes its actor would find it dead");

}  // namespace shoal::control
