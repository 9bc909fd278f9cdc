#pragma once

#include <cstdint>

namespace shoal::data {

/// Bounds of the executor that no option sets.

/// Fragments of one operator that are submitted before they may run, so that their reads are in flight: one that
/// starts when a slot is free and one behind it.
inline constexpr int k_submitted_ahead = 2;
/// Fragments of an operator without CPUs (listings) that run at once: each takes a thread.
inline constexpr int k_free_fragments_max = 16;
/// How far the youngest fragment may be ahead of the oldest unfinished one: bounds the reorder buffer's slots when
/// fragments give no rows and so take no memory.
inline constexpr std::int64_t k_ahead_of_head_max = 4096;
/// Times a fragment, or a worker of a pool, is started again after its worker was lost.
inline constexpr int k_system_retries = 3;
/// An idle worker above its pool's minimum leaves after this time.
inline constexpr std::int64_t k_actor_idle_ns = 1'000'000'000;
/// The credit that asks for exactly one item: items are never cut to the credit, so the first one uses it up.
inline constexpr std::int64_t k_one_item_credit = 1;

static_assert(k_submitted_ahead >= 1, "a fragment must be submitted before it runs");
static_assert(k_ahead_of_head_max > k_free_fragments_max);

}  // namespace shoal::data
