#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace shoal::owner {

/// Work that may be with one worker at once: enough that it never waits for more, little enough that what one worker is
/// slow with can go to another.
inline constexpr Time k_window_ns = 500'000;
inline constexpr std::size_t k_window_max = 256;
/// Work that is worth one more worker, or worth moving to another.
inline constexpr Time k_worth_ns = 50'000;
/// A worker is kept for so long without work: a loop that submits and waits finds it there again.
inline constexpr Time k_linger_ns = 5'000'000;
/// A task that runs for so long is not what those before it were: what was sent behind it goes elsewhere.
inline constexpr Time k_stuck_ns = 10'000'000;
/// What the daemon is told at most: it has no more workers than that.
inline constexpr std::uint32_t k_wanted_max = 4096;
/// Items of one stream that nobody took yet: enough that the consumer never waits for the way there and back.
inline constexpr std::int64_t k_stream_bytes = 4 << 20;
/// A task that lost so many workers in a row is called what it is.
inline constexpr std::uint32_t k_poison_losses = 3;
/// Arguments of arguments that are looked at for one that whoever waits could run.
inline constexpr int k_claim_depth = 64;

}  // namespace shoal::owner
