#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"
#include "wire/message.h"

namespace shoal::net {

enum class FrameKind : std::uint8_t {
  message,
  acknowledge,  ///< Nothing but the header, where no message went that way for a while.
  resume,       ///< The first frame of each channel, in both directions: what arrived over the channels before.
};

/// What a session adds to a message.
struct FrameHeader {
  FrameKind kind = FrameKind::message;
  std::uint64_t sequence = 0;      ///< Of a message: 1, 2, ... over all channels of the session; else 0.
  std::uint64_t acknowledged = 0;  ///< The sender of this frame has all messages up to this one.
  friend bool operator==(const FrameHeader&, const FrameHeader&) = default;
};

/// What a channel carries.
struct Frame {
  FrameHeader header;
  wire::Message message;  ///< Only of FrameKind::message.
};

/// What travels beside its bytes; null where the message cannot have any.
wire::Attachment* attachment_of(wire::Message& message);
const wire::Attachment* attachment_of(const wire::Message& message);

/// About how many bytes the message keeps in memory: its own and those of the values in it.
std::size_t weight(const wire::Message& message);

}  // namespace shoal::net
