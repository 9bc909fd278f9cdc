#include "data/io/s3_retry.h"

#include <gtest/gtest.h>

namespace shoal::data {
namespace {

using namespace std::chrono_literals;

constexpr S3RetryPolicy k_policy{};

TEST(S3Retry, FullJitterDoublesUpToItsBound) {
  S3Attempt attempt{.trouble = S3Trouble::failing, .failures = 1, .random = 0.999};
  EXPECT_EQ(retry_delay(k_policy, attempt), 49ms);
  attempt.failures = 3;
  EXPECT_EQ(retry_delay(k_policy, attempt), 199ms);
  attempt.failures = 60;
  EXPECT_EQ(retry_delay(k_policy, attempt), 9990ms);
  attempt.random = 0;
  EXPECT_EQ(retry_delay(k_policy, attempt), 0ms);
  attempt = {.trouble = S3Trouble::throttled, .failures = 1, .random = 0.5};
  EXPECT_EQ(retry_delay(k_policy, attempt), 100ms);
}

TEST(S3Retry, EndsWithTheDeadline) {
  S3Attempt attempt{.trouble = S3Trouble::broken, .failures = 9, .elapsed = 59'900ms, .random = 0.9};
  EXPECT_EQ(retry_delay(k_policy, attempt), 100ms);
  attempt.elapsed = 60'000ms;
  EXPECT_EQ(retry_delay(k_policy, attempt), std::nullopt);
}

TEST(S3Retry, WhatCannotHelpIsNotRepeated) {
  EXPECT_EQ(retry_delay(k_policy, {.trouble = S3Trouble::final}), std::nullopt);
}

TEST(S3Retry, RetryAfterIsALowerBoundWithinTheDeadline) {
  S3Attempt attempt{.trouble = S3Trouble::throttled, .failures = 1, .retry_after = 3s, .random = 0.5};
  EXPECT_EQ(retry_delay(k_policy, attempt), 3000ms);
  attempt.retry_after = 61s;
  EXPECT_EQ(retry_delay(k_policy, attempt), std::nullopt);
  EXPECT_EQ(parse_retry_after("7"), 7s);
  EXPECT_EQ(parse_retry_after(""), 0s);
  EXPECT_EQ(parse_retry_after("-1"), 0s);
  EXPECT_EQ(parse_retry_after("Wed, 21 Oct 2026 07:28:00 GMT"), 0s);
  EXPECT_EQ(parse_retry_after("99999999999999999999"), 0s);
}

TEST(S3Retry, AnEndpointThatNeverAnsweredIsGivenUpEarly) {
  S3Attempt attempt{.trouble = S3Trouble::unreachable, .failures = 5, .elapsed = 5s, .endpoint_known = false};
  EXPECT_EQ(retry_delay(k_policy, attempt), std::nullopt);
  attempt.endpoint_known = true;
  EXPECT_NE(retry_delay(k_policy, attempt), std::nullopt);
}

TEST(S3Retry, AStaleConnectionCostsNoDelayTwice) {
  EXPECT_EQ(retry_delay(k_policy, {.trouble = S3Trouble::stale, .failures = 2, .random = 0.9}), 0ms);
  EXPECT_GT(*retry_delay(k_policy, {.trouble = S3Trouble::stale, .failures = 3, .random = 0.9}), 0ms);
}

}  // namespace
}  // namespace shoal::data
