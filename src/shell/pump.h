#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

#include "base/thread_safety.h"
#include "base/time.h"

namespace shoal::shell {

/// Nanoseconds of the machine's monotonic clock.
inline Time now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Something that wants to be looked at when a time has come.
class Timed {
 public:
  static constexpr Time k_never = std::numeric_limits<Time>::max();
  virtual ~Timed() = default;
  /// Its time has come, or had.
  virtual void on_time() = 0;

  Time wake_at() const { return wake_at_.load(); }

 private:
  friend class Pump;
  std::atomic<Time> wake_at_{k_never};
};

/// The thread that tells the cores of one process the time, and carries off what nobody else does: nothing has to wait for
/// it but timers.
class Pump {
 public:
  Pump() : thread_([this] { run(); }) {}
  /// Ends the thread.
  ~Pump() { stop(); }
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  void add(Timed& timed);
  /// When it returns, on_time() is not running, but where it is its caller, and will not be called again.
  void remove(Timed& timed);
  /// From any thread and under any lock: on_time() is called without the pump's own.
  void wake_at(Timed& timed, Time at);
  void stop();

 private:
  void run();

  std::atomic<Time> sleeps_until_{Timed::k_never};
  Mutex mutex_;
  CondVar changed_;
  std::vector<Timed*> all_ GUARDED_BY(mutex_);
  Timed* visited_ GUARDED_BY(mutex_) = nullptr;
  CondVar visit_over_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace shoal::shell
