#pragma once

#include <optional>

#include "node/leases.h"

namespace shoal::node {

/// Sees to it that a line that wants much at once has its turn, though others take each little that comes free: once it
/// has waited for `patience`, room is kept for it (Leases::keep_for), for a time. If that was not enough, room is kept for
/// nobody for as long, so that those come through whose end everybody else waits for; then again, twice as long. So the
/// line is served at last, and what goes on without it takes at most twice its time. The core owns it.
class Hold {
 public:
  explicit Hold(Time patience) : patience_(patience), length_(patience) {}

  /// Begins or ends keeping room. Call it at next_time(), and every `patience` while lines wait. O(leases),
  /// and lines times those that waited too long.
  void update(Leases& leases, Time now);
  /// When the room that is kept is given up.
  std::optional<Time> next_time(const Leases& leases) const;

 private:
  const Time patience_;
  Time length_;         // of the next hold
  bool holds_ = false;  // one was begun
  Time until_ = 0;      // it ends; or, where none is, the earliest time of the next
};

}  // namespace shoal::node
