#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal::node {

/// Bounds of a machine's daemon that no option sets.

/// Workers that have something to do, at once: demands that need no CPU, and waiting workers that lend theirs, have no
/// other bound. A few more may be idle.
inline constexpr std::size_t k_workers_max = 1024;
/// Where most of them wait, perhaps for each other, there are more, one by one, up to this. What is nested deeper stands
/// still.
inline constexpr std::size_t k_stuck_workers_max = 4096;
/// After a worker died while it started, the next is started so much later, twice that after the second, and so on.
inline constexpr std::int64_t k_start_again_ns_min = 100'000'000;
inline constexpr std::int64_t k_start_again_ns_max = 10'000'000'000;
/// Demands that wait have all leases looked at, in search of one to ask back: at most so often while one is patient.
inline constexpr std::int64_t k_recalls_a_patience = 50;
/// The longest time for which room is kept for one line before others have their turn again.
inline constexpr std::int64_t k_hold_ns_max = 600'000'000'000;
/// Holders that the text about one waiting demand names.
inline constexpr std::size_t k_holders_named_max = 4;

static_assert(k_workers_max < k_stuck_workers_max);
static_assert(k_stuck_workers_max <= 4096, "sched/resources.h adds up so many amounts without overflow");
static_assert(k_start_again_ns_min < k_start_again_ns_max);

}  // namespace shoal::node
