#pragma once

#include <algorithm>

#include "base/time.h"
#include "shell/limits.h"

namespace shoal::shell {

/// Whether the next wait is to begin with looking again and again, which is sooner and cheaper than to sleep and be woken if
/// what is waited for comes within k_linger_ns. It goes by the waits before: a look in vain lets the next wait sleep at once,
/// another one in vain the next three, and each from then on seven, until a wait is short. Pure.
class Patience {
 public:
  /// Once for each wait.
  bool looks() {
    if (asleep_ == 0) return true;
    --asleep_;
    return false;
  }
  /// The wait is over.
  void waited(Time time, bool looked) {
    const Time woken_ns = looked ? 0 : k_linger_ns;  // about what sleeping added
    if (time <= k_linger_ns + woken_ns) {
      in_vain_ = asleep_ = 0;
    } else if (looked) {
      in_vain_ = std::min(in_vain_ + 1, k_in_vain_max);
      asleep_ = (1 << in_vain_) - 1;
    }
  }

 private:
  static constexpr int k_in_vain_max = 3;
  int in_vain_ = 0;  // looks one after the other
  int asleep_ = 0;   // waits from here on that do not look
};

}  // namespace shoal::shell
