#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "wire/limits.h"
#include "wire/message.h"

/// Messages as bytes of a stream: 16 bytes that say what follows, then the struct as the codec writes it.
namespace shoal::wire {

/// The first bytes of each frame, in this order, little endian.
struct FrameHeader {
  std::uint32_t length = 0;  ///< Of the struct.
  std::uint16_t type = 0;    ///< Its place in Message.
  std::uint16_t flags = 0;   ///< None is defined yet.
  std::uint64_t correlation = 0;
};
inline constexpr std::size_t k_frame_header_bytes = 16;
static_assert(sizeof(FrameHeader) == k_frame_header_bytes);

/// Appends the whole frame. `correlation` is the channel's own. Errors: invalid_argument where the message is larger than
/// k_frame_bytes_max; nothing is appended then.
Status append_frame(std::vector<std::uint8_t>& frames, const Message& message, std::uint64_t correlation);

/// What the first 16 bytes say, checked: whoever gets it may make room for `length` bytes. Errors: corrupt_data, also
/// where there are fewer bytes.
Result<FrameHeader> parse_header(std::span<const std::uint8_t> bytes);

/// The message behind a header; `bytes` are header.length many. Errors: corrupt_data.
Result<Message> parse_message(const FrameHeader& header, std::span<const std::uint8_t> bytes);

/// A frame that came whole.
struct Frame {
  std::uint64_t correlation = 0;
  Message message;
  std::size_t bytes = 0;  ///< How many it took.
};
/// The first of these bytes. Errors: corrupt_data, also where it is not whole.
Result<Frame> parse(std::span<const std::uint8_t> bytes);

/// What would arrive of it over a wire. Throws where a message cannot be sent.
Message transcode(Message message);

}  // namespace shoal::wire
