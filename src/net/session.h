#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "net/frame.h"
#include "net/ring.h"

namespace shoal::net {

/// One end of the conversation of two living processes: every message arrives once and in order, over channels that may
/// break. What was sent is kept until the peer has acknowledged it; after a break both ends say in `resume` what they
/// have, and the rest is sent again. Frames of a channel that is over are ignored. A state machine without I/O or clock;
/// one thread at a time.
///
/// Its shell makes channels, each with an epoch higher than the last, tells the session about them, hands it what
/// arrives, and sends what take_frames() gives on the channel of epoch(), in order.
class Session {
 public:
  enum class Arrival : std::uint8_t {
    nothing,    ///< For the session only, or a frame of an old channel, or one that is here already.
    message,    ///< The next message: the frame's message belongs to the caller.
    violation,  ///< The peer does not keep to the protocol: nothing it says can be believed any more.
  };

  /// Goes out with the next take_frames() of a connected session. Without effect once the peer is dead.
  void send(wire::Message message);

  /// A new channel. False, and nothing happens, where the epoch is not higher than all before or the peer is dead.
  bool on_connected(std::uint64_t epoch);
  /// The channel of `epoch` is over; needs not be said where on_connected() of the next one comes first.
  void on_broken(std::uint64_t epoch);
  [[nodiscard]] Arrival on_frame(std::uint64_t epoch, const Frame& frame, Time now);
  /// The peer is gone: nothing is kept, sent or received any more.
  void on_peer_died();
  void on_time(Time now);
  /// When on_time() has something to do.
  std::optional<Time> next_time() const;

  /// Appends what is to go out on the channel of epoch(), at most `room` frames, in order.
  void take_frames(std::vector<Frame>& into, std::size_t room = SIZE_MAX);
  bool has_frames() const;

  std::uint64_t epoch() const { return epoch_; }
  bool is_connected() const { return connected_; }
  bool is_closed() const { return closed_; }
  /// More is kept for the peer than should be: whoever makes messages for it had better wait. See limits.h.
  bool is_congested() const;
  /// Messages that the peer may not have.
  std::size_t unacknowledged() const { return kept_.size(); }

 private:
  struct Kept {
    wire::Message message;
    std::size_t weight = 0;
  };

  bool acknowledge(std::uint64_t through);
  Arrival on_message(const Frame& frame, Time now);
  bool may_send() const { return connected_ && (resumed_ || !in_doubt_); }
  bool owes_acknowledgement() const;
  void append(std::vector<Frame>& into, FrameKind kind);
  std::uint64_t last() const { return acknowledged_ + kept_.size(); }

  // The channel.
  std::uint64_t epoch_ = 0;  // of the last one
  bool connected_ = false;
  bool closed_ = false;
  bool resume_owed_ = false;  // the channel is new and `resume` has not gone out
  bool resumed_ = false;      // the peer's has come in
  bool in_doubt_ = false;     // when the channel began, the peer had not acknowledged all that it may have got
  std::uint64_t sent_ = 0;    // the last message that is on this channel or needs not be

  // What goes out.
  Ring<Kept> kept_;  // messages acknowledged_ + 1, ...
  std::size_t kept_bytes_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t ever_sent_ = 0;

  // What comes in.
  std::uint64_t received_ = 0;
  std::uint64_t told_ = 0;  // of those, what the peer was told on this channel
  std::size_t untold_bytes_ = 0;
  std::optional<Time> tell_at_;  // while something is untold
  bool tell_now_ = false;
};

}  // namespace shoal::net
