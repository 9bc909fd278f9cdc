#pragma once

#include <array>
#include <cstdint>

#include "data/exec/actions.h"
#include "data/exec/report.h"

namespace shoal::data {

/// How long an operator waited, by reason. Costs nothing between changes.
class WaitClock {
 public:
  void set(WaitReason reason, TimeNs now) {
    if (reason == reason_) return;
    waited_[index()] += now - since_;
    reason_ = reason;
    since_ = now;
  }
  WaitReason reason() const { return reason_; }
  /// Totals up to `now`; the entry of `none` stays zero.
  std::array<std::int64_t, k_wait_reasons> totals(TimeNs now) const {
    auto waited = waited_;
    waited[index()] += now - since_;
    waited[static_cast<std::size_t>(WaitReason::none)] = 0;
    return waited;
  }
  void start(TimeNs now) { since_ = now; }

 private:
  std::size_t index() const { return static_cast<std::size_t>(reason_); }

  WaitReason reason_ = WaitReason::none;
  TimeNs since_ = 0;
  std::array<std::int64_t, k_wait_reasons> waited_{};
};

}  // namespace shoal::data
