#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "net/frame.h"

namespace shoal::net {

/// What a channel has for its reader.
struct Arrivals {
  std::vector<Frame> frames;
  bool broken = false;  ///< The channel is over; true once, and no frame comes after it.
};

/// One end of a connection between two processes: frames arrive in order and once until it breaks, then those under way
/// may be lost. It does not come back: the next connection is another channel with a higher epoch. Owned by the shell of
/// a process; one thread at a time, and no call waits. testing/channel_suite.h holds all kinds to what is said here.
class Channel {
 public:
  virtual ~Channel() = default;

  /// Which connection of these two processes it is; both ends say the same.
  virtual std::uint64_t epoch() const = 0;
  /// Moves the frames to the other end and clears the vector. Takes them even where it is congested; they are lost
  /// where the channel is broken.
  virtual void send(std::vector<Frame>& frames) = 0;
  /// The other end does not keep up: send no more until the wakeup. See limits.h.
  virtual bool is_congested() const = 0;
  /// Moves all that has arrived into `into`, in order, replacing its contents.
  virtual void receive(Arrivals& into) = 0;
  /// Called, on any thread and under no lock, when receive() has something after it had nothing, and when congestion
  /// ends. It may only take note. Set it before the first frame is sent.
  virtual void set_wakeup(std::function<void()> wakeup) = 0;
  /// Ends it: nothing arrives here any more, not even that it is broken; the other end learns it behind what was sent.
  /// The destructor does it too.
  virtual void close() = 0;
};

}  // namespace shoal::net
