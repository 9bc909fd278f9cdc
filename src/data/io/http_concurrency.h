#pragma once

#include <cstdint>

#include "data/io/http_clock.h"

namespace shoal::data {

/// How many requests to one origin are under way at once, found by trying. A store behind a network needs hundreds; one
/// on the same machine is fastest with a few, and with more of them all replies come late, those that are waited for too.
///
/// The limit begins low and doubles while a doubling makes more replies come. With a server that is far away it doubles
/// also while they come nearly as soon as the soonest did: distance decides, and what waits there evens out how it
/// works. When neither is so, the limit goes back and another try follows later, each time after twice the pause. A
/// throttled reply (429, 503) halves it.
/// Rates are compared only over times in which the limit was what held requests back. Not thread-safe; no I/O.
class HttpConcurrency {
 public:
  /// `most` >= 1.
  explicit HttpConcurrency(int most);

  int limit() const { return limit_; }
  /// A reply came, its first byte `waited` after its request was sent; `bytes`: of body, in both directions; `held_back`: until now
  /// about as many requests as the limit allows were under way, and more were waiting.
  void on_reply(HttpClock::time_point now, HttpClock::duration waited, std::int64_t bytes, bool held_back);
  /// The server asks to slow down.
  void on_throttled(HttpClock::time_point now);

 private:
  void begin_window(HttpClock::time_point now);
  void end_window(HttpClock::time_point now, double rate);
  void try_later(HttpClock::time_point now);

  const int most_;
  int limit_;
  // The window that is being measured.
  HttpClock::time_point began_{};
  std::int64_t replies_ = -1;  // -1 = none is
  double work_ = 0;
  HttpClock::duration waited_{};  // all replies of it together
  // What is known of the last limit that proved useful.
  int proven_ = 0;          // 0 = nothing is measured yet
  double proven_rate_ = 0;  // of its last windows
  HttpClock::duration least_waited_ = HttpClock::duration::max();
  HttpClock::time_point next_try_{};
  HttpClock::duration pause_;
  HttpClock::time_point throttled_until_{};
};

}  // namespace shoal::data
