#pragma once

#include <chrono>
#include <optional>

#include "base/thread_safety.h"

namespace shoal::shell {

/// A moment of the machine's monotonic clock; none = never.
using Deadline = std::optional<std::chrono::steady_clock::time_point>;

/// Something that happens, and one thread that waits for it.
class Event {
 public:
  void set() {
    const Lock lock(mutex_);
    is_set_ = true;
    happened_.notify_one();
  }
  void reset() {
    const Lock lock(mutex_);
    is_set_ = false;
  }
  /// False where the deadline came first.
  bool wait(const Deadline& deadline) {
    Lock lock(mutex_);
    while (!is_set_) {
      if (!deadline) {
        happened_.wait(lock);
      } else if (!happened_.wait_until(lock, *deadline)) {
        return is_set_;
      }
    }
    return true;
  }

 private:
  Mutex mutex_;
  CondVar happened_;
  bool is_set_ GUARDED_BY(mutex_) = false;
};

}  // namespace shoal::shell
