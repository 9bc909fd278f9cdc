#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace shoal::shell {

/// So many submissions are sent on together: one by one each would take a lock and a message of its own.
inline constexpr std::size_t k_dispatch_batch = 32;
/// What was submitted is sent on after this time even if nobody waits for it. Shorter costs a loop that submits and gets
/// one by one a wake-up of the pump for each.
inline constexpr Time k_flush_ns = 250'000;
/// While a worker process has more to run, so many results of tasks shorter than this are sent on together,
inline constexpr std::size_t k_reply_batch = 32;
inline constexpr Time k_short_ns = 20'000;
/// or those of this time, whatever runs then: a message of its own costs more than the shortest tasks.
inline constexpr Time k_reply_ns = 250'000;
/// A worker's thread that ran out of work looks for more for so long before it sleeps: about what a wake-up costs.
inline constexpr Time k_linger_ns = 50'000;
/// A worker process's thread that has nothing to run reads for so long what comes, and then leaves that to another.
inline constexpr Time k_idle_ns = 1'000'000'000;
/// Tasks that a thread runs on top of each other because each waits for the next: what is deeper would use up the stack.
inline constexpr int k_claims_max = 32;
/// A worker process that was told to stop is killed after this time: what runs in it may not listen.
inline constexpr Time k_stop_ns = 500'000'000;
/// Who is gone is kept for so long: a thread that found it before may still look at it, for a moment.
inline constexpr Time k_buried_ns = 10'000'000'000;
/// Who was let in by a daemon is to say within this time what it wants,
inline constexpr Time k_visit_ns = 10'000'000'000;
/// and so many may be about it at once.
inline constexpr std::size_t k_visitors_max = 64;
/// What the last worker of a program that has ended wrote is shown within this time.
inline constexpr Time k_last_lines_ns = 100'000'000;
/// Objects of the store that a tool is told of at most.
inline constexpr std::uint32_t k_shown_objects_max = 10'000;
/// Failures that a node remembers, for people who ask.
inline constexpr std::size_t k_failures_max = 32;
/// What still runs when a session ends is named after this time.
inline constexpr Time k_patience_ns = 2'000'000'000;

/// Objects in the store of one machine, of 64 KiB and more each. Tables of that many are sparse: an unused slot takes no memory.
inline constexpr std::uint32_t k_store_slots = std::uint32_t{1} << 20;
/// What a store has even on a small machine.
inline constexpr std::uint64_t k_store_bytes_min = std::uint64_t{64} << 20;
/// What is copied into an extent goes there by a write of the system so many times that the extent is used, then by memory.
inline constexpr int k_uses_unmapped = 8;
/// How long who has other memory to go to waits for the store's: longer than it takes to make an extent.
inline constexpr Time k_moment_ns = 1'000'000'000;
/// A process asks for no more of the store at once than this part of it, so that it has room for several.
inline constexpr std::uint64_t k_extent_part = 16;
/// How long what a process does not need any more may wait to be told to the store.
inline constexpr Time k_tell_ns = 1'000'000;
/// How long a session that ends brings values back from the disk that its program still refers to.
inline constexpr Time k_keep_ns = 10'000'000'000;

}  // namespace shoal::shell
