#pragma once

#include <shoal/base/ids.h>
#include <shoal/wire/payload.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "wire/task.h"

namespace shoal::owner {

/// One attempt.
struct RunKey {
  TaskId task;
  std::uint32_t attempt = 0;
  friend auto operator<=>(const RunKey&, const RunKey&) = default;
};

/// Results that go from one run of a worker straight to those that follow it (wire::Following), and do not wait for the
/// way to their owner and back.
class Handovers {
 public:
  /// One more run follows that one, whose end is still to come.
  void expect(const RunKey& maker) { ++wanted_[maker].followers; }
  /// The same where it was the last that ended here, and what it gave is known still. False where it was not.
  bool expect_last(const RunKey& maker);
  /// It has ended.
  void give(const RunKey& maker, const std::vector<Payload>& results);
  bool is_followed(const RunKey& maker) const { return !wanted_.empty() && wanted_.contains(maker); }
  /// Puts what the run follows into its place; false where one of those gave nothing.
  bool take(wire::PushTask& push);
  /// A run of that owner that expected these will not begin.
  void forget(ProcessId owner, std::span<const wire::Following> following);

 private:
  struct Wanted {
    std::size_t followers = 0;
    std::vector<Payload> results{};
  };
  void release(const RunKey& maker);

  std::map<RunKey, Wanted> wanted_;
  // The last that ended, if what it gave is small: who follows it may be on the way.
  RunKey last_{};
  Payload last_result_{};
};

}  // namespace shoal::owner
