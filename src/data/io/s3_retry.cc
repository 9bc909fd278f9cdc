#include "data/io/s3_retry.h"

#include <algorithm>
#include <charconv>

namespace shoal::data {

using std::chrono::milliseconds;

std::optional<milliseconds> retry_delay(const S3RetryPolicy& policy, const S3Attempt& attempt) {
  if (attempt.trouble == S3Trouble::final) return std::nullopt;
  const bool unknown = attempt.trouble == S3Trouble::unreachable && !attempt.endpoint_known;
  const milliseconds limit = unknown ? std::min(policy.deadline, policy.deadline_unknown) : policy.deadline;
  const milliseconds left = limit - attempt.elapsed;
  if (left <= milliseconds(0)) return std::nullopt;
  if (attempt.trouble == S3Trouble::stale && attempt.failures <= 2) return milliseconds(0);
  if (attempt.retry_after > left) return std::nullopt;

  const milliseconds base = attempt.trouble == S3Trouble::throttled ? policy.base_throttled : policy.base;
  const int doublings = std::clamp(attempt.failures - 1, 0, 20);
  const milliseconds bound = std::min(policy.delay_max, base * (std::int64_t{1} << doublings));
  const milliseconds drawn(static_cast<std::int64_t>(static_cast<double>(bound.count()) * attempt.random));
  return std::min(std::max(drawn, attempt.retry_after), left);
}

milliseconds parse_retry_after(std::string_view value) {
  int seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc() || end != value.data() + value.size() || seconds < 0) return milliseconds(0);
  return std::chrono::seconds(std::min(seconds, 24 * 3600));
}

}  // namespace shoal::data
