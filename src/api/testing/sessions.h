#pragma once

#include <gtest/gtest.h>
#include <shoal/api/session.h>

#include <chrono>
#include <string>
#include <thread>

#include "api/current_session.h"

namespace shoal::testing {

/// Each test in a session of its own: once with messages that are moved, once with messages that are encoded.
class SessionTest : public ::testing::TestWithParam<bool> {
 protected:
  SessionTest() : session_(options(GetParam())) {}

  static SessionOptions options(bool encodes) {
    SessionOptions options;
    options.num_cpus = 4;
    options.num_gpus = 2;
    options.memory = 1 << 30;
    options.resources = {{"license", 2}};
    options.labels = {{"zone", "a"}};
    options.encode_messages = encodes;
    return options;
  }

  /// With the test's own references gone, nothing is left: no object, task, lease, stream or actor.
  void TearDown() override {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!home_of_this_thread().is_unused()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the test left something behind";
      std::this_thread::yield();
    }
  }

  Session session_;
};

inline std::string name_of_session(const ::testing::TestParamInfo<bool>& encodes) {
  return encodes.param ? "Encoded" : "Moved";
}

}  // namespace shoal::testing

#define SHOAL_TEST_IN_SESSIONS(suite) \
  INSTANTIATE_TEST_SUITE_P(Embedded, suite, ::testing::Bool(), shoal::testing::name_of_session)
