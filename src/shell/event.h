#pragma once

#include <chrono>
#include <optional>

#include "base/thread_safety.h"

namespace shoal::shell {

/// A moment of the machine's monotonic clock; none = never.
using Deadline = std::optional<std::chrono::steady_clock::time_point>;

/// Something that happens, and one thread that waits for it: here, or where it looks after other things meanwhile.
class Event {
 public:
  /// Wakes a thread that waits elsewhere.
  class Waker {
   public:
    virtual ~Waker() = default;
    virtual void wake() = 0;
  };

  void set() {
    const Lock lock(mutex_);
    is_set_ = true;
    happened_.notify_one();
    if (elsewhere_ != nullptr) elsewhere_->wake();
  }
  void reset() {
    const Lock lock(mutex_);
    is_set_ = false;
  }
  bool is_set() const {
    const Lock lock(mutex_);
    return is_set_;
  }
  /// False where the deadline came first.
  bool wait(const Deadline& deadline) {
    while (wait_or_nudge(deadline)) {
      if (is_set()) return true;
    }
    return is_set();
  }

  /// Ends a wait_or_nudge(), the next one if there is none.
  void nudge() {
    const Lock lock(mutex_);
    is_nudged_ = true;
    happened_.notify_one();
  }
  /// Until it is set or nudged; false where the deadline came first.
  bool wait_or_nudge(const Deadline& deadline) {
    Lock lock(mutex_);
    while (!is_set_ && !is_nudged_) {
      if (!deadline) {
        happened_.wait(lock);
      } else if (!happened_.wait_until(lock, *deadline)) {
        return is_set_ || is_nudged_;
      }
    }
    is_nudged_ = false;
    return true;
  }
  /// From now on its thread waits where `waker` wakes it; null = here again.
  void wait_elsewhere(Waker* waker) {
    const Lock lock(mutex_);
    elsewhere_ = waker;
  }

 private:
  mutable Mutex mutex_;
  CondVar happened_;
  bool is_set_ GUARDED_BY(mutex_) = false;
  bool is_nudged_ GUARDED_BY(mutex_) = false;
  Waker* elsewhere_ GUARDED_BY(mutex_) = nullptr;
};

}  // namespace shoal::shell
