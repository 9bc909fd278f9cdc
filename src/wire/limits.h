#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace shoal::wire {

/// Bytes of the struct in one frame. A receiver makes room for all of it before it reads, so this is what one peer can
/// make another allocate; values that are larger than this do not fit into a message.
inline constexpr std::size_t k_frame_bytes_max = std::size_t{1} << 30;
static_assert(k_frame_bytes_max <= std::numeric_limits<std::uint32_t>::max(), "the header has 32 bits for it");

/// Open files that travel beside one message.
inline constexpr std::size_t k_attached_max = 4;

/// What a trace shows of one string, in bytes, of one list, in elements, and of one payload, in bytes: a line is to stay
/// a line.
inline constexpr std::size_t k_shown_text_max = 80;
inline constexpr std::size_t k_shown_elements_max = 16;
inline constexpr std::size_t k_shown_payload_max = 16;

}  // namespace shoal::wire
