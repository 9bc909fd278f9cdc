#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace shoal::data {

/// Why an attempt did not succeed, as far as trying again is concerned.
enum class S3Trouble : std::uint8_t {
  final,        ///< Trying again cannot help.
  throttled,    ///< 429, 503, SlowDown: the store wants less.
  failing,      ///< 500, 502, 504: the store has a fault.
  broken,       ///< Reset, cut body, time-out.
  stale,        ///< A kept connection had ended: nothing was wrong.
  unreachable,  ///< No connection or no address.
};

struct S3RetryPolicy {
  std::chrono::milliseconds base{50};  ///< First upper bound of the delay; doubles with each attempt.
  std::chrono::milliseconds base_throttled{200};
  std::chrono::milliseconds delay_max{10'000};
  std::chrono::milliseconds deadline{60'000};  ///< From the first attempt's begin.
  /// Instead of the deadline while the endpoint never answered: then it is probably the wrong one.
  std::chrono::milliseconds deadline_unknown{4'000};
};

struct S3Attempt {
  S3Trouble trouble = S3Trouble::final;
  int failures = 1;                          ///< This one included.
  std::chrono::milliseconds elapsed{0};      ///< Since the first attempt began.
  std::chrono::milliseconds retry_after{0};  ///< What the server asked for; 0 = nothing.
  bool endpoint_known = true;                ///< It answered before.
  double random = 0;                         ///< Drawn from [0, 1).
};

/// How long to wait before the next attempt, or nothing where it is over. Full jitter: uniform in [0, bound). Pure.
std::optional<std::chrono::milliseconds> retry_delay(const S3RetryPolicy& policy, const S3Attempt& attempt);

/// A Retry-After header in seconds (not the date form, which no object store sends); 0 where it is none.
std::chrono::milliseconds parse_retry_after(std::string_view value);

}  // namespace shoal::data
