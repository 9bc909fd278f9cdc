#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal::store {

/// Bounds and units of the store that no option sets.

/// Pieces of an extent begin at multiples of it: a line of the processor's cache, and what Arrow wants of its buffers.
inline constexpr std::uint64_t k_alignment = 64;
/// Extents are multiples of it.
inline constexpr std::uint64_t k_page_bytes = 4096;
/// A process begins with an extent of the first size, and each next one is so many times as large up to the last size; what is
/// larger has one of its own. Slower growth leaves more extents behind that are too small for what comes later.
inline constexpr std::uint64_t k_extent_bytes_min = std::uint64_t{4} << 20;
inline constexpr std::uint64_t k_extent_growth = 4;
inline constexpr std::uint64_t k_extent_bytes_max = std::uint64_t{64} << 20;
/// Objects in one store. The directory and the pin tables are sparse: an unused slot takes no memory.
inline constexpr std::size_t k_slots_max = std::size_t{1} << 24;
/// Processes that the text about a full store names.
inline constexpr std::size_t k_holders_named_max = 4;
/// Spilled bytes are written, read and checked in parts of it, which stay in the processor's cache between both.
inline constexpr std::size_t k_spill_part_bytes = std::size_t{256} << 10;

constexpr std::uint64_t round_up(std::uint64_t bytes, std::uint64_t unit) { return (bytes + unit - 1) / unit * unit; }

static_assert(k_page_bytes % k_alignment == 0 && k_extent_bytes_min % k_page_bytes == 0);
static_assert(k_extent_bytes_min * k_extent_growth * k_extent_growth == k_extent_bytes_max);
static_assert(k_slots_max <= UINT32_MAX, "a slot is 32 bits");

}  // namespace shoal::store
