#pragma once

#include <cstddef>

#include "base/thread_safety.h"

namespace shoal::shell {

/// Counts what is under way.
class Gate {
 public:
  void enter() {
    const Lock lock(mutex_);
    ++inside_;
  }
  /// Whoever waits may go on, and what this gate belongs to may be gone when it returns.
  void leave() {
    const Lock lock(mutex_);
    if (--inside_ == 0) empty_.notify_all();
  }
  /// Until nothing is inside.
  void wait() {
    Lock lock(mutex_);
    while (inside_ > 0) empty_.wait(lock);
  }

 private:
  Mutex mutex_;
  CondVar empty_;
  std::size_t inside_ GUARDED_BY(mutex_) = 0;
};

}  // namespace shoal::shell
