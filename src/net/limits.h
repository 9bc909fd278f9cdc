#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal::net {

/// Bounds of handshakes, sessions and channels.

/// Of one part of a handshake: what somebody without the token can make a process keep.
inline constexpr std::size_t k_hello_bytes_max = 256;
/// How long it may take to say who one is: two messages, and a machine that is very busy.
inline constexpr std::int64_t k_handshake_ns_max = 5'000'000'000;
/// Of those who have not said it yet; others wait in the system's queue.
inline constexpr std::size_t k_pending_max = 64;
/// How long nobody is let in after the system had no descriptor or no memory for it.
inline constexpr std::int64_t k_accept_pause_ns = 100'000'000;

/// Messages that a session keeps until the peer has acknowledged them: above it, or above the bytes below, it says that
/// it is congested. A round trip at 1 million messages a second is far less; more is a peer that does not read.
inline constexpr std::size_t k_kept_messages_max = 16'384;
/// Bytes of them: what one peer that stands still may cost this process.
inline constexpr std::size_t k_kept_bytes_max = std::size_t{64} << 20;
/// Received messages, or bytes of them, after which an acknowledgement goes out on its own: early enough that the peer is
/// never congested by acknowledgements alone.
inline constexpr std::uint64_t k_acknowledge_messages = 1'024;
inline constexpr std::size_t k_acknowledge_bytes = std::size_t{4} << 20;
/// How long a received message waits for one that its acknowledgement can travel with.
inline constexpr std::int64_t k_acknowledge_ns = 20'000'000;
/// Frames in a channel that the other end has not taken, or of which the socket has not taken the last byte, and bytes of
/// them: above it the channel is congested.
inline constexpr std::size_t k_channel_frames_max = 8'192;
inline constexpr std::size_t k_channel_bytes_max = std::size_t{16} << 20;

/// Frames for a socket are gathered in chunks of about this size: what one call of the system moves. Some are kept to be
/// filled again.
inline constexpr std::size_t k_chunk_bytes = std::size_t{64} << 10;
inline constexpr std::size_t k_spare_chunks_max = 16;
/// Files that came and whose messages are not whole yet: several messages fit into what is read at once.
inline constexpr std::size_t k_files_max = 256;
/// What is asked of a socket at once: a little more than Linux keeps in a Unix socket (net.core.wmem_default).
inline constexpr std::size_t k_read_bytes = std::size_t{256} << 10;
/// After how much receive() returns, so that one peer does not keep a thread to itself.
inline constexpr std::size_t k_receive_bytes_max = std::size_t{4} << 20;
/// What is read ahead of a receiver that does not come: then the peer's channel is congested.
inline constexpr std::size_t k_unread_bytes_max = std::size_t{16} << 20;

static_assert(4 * k_acknowledge_messages <= k_kept_messages_max);
static_assert(4 * k_acknowledge_bytes <= k_kept_bytes_max);
static_assert(k_channel_bytes_max <= k_kept_bytes_max);
static_assert(k_channel_frames_max <= k_kept_messages_max, "else a channel takes more than a session may keep");

}  // namespace shoal::net
