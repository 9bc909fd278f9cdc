#pragma once

#include <gtest/gtest.h>
#include <shoal/api/session.h>

#include <string>

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

  Session session_;
};

inline std::string name_of_session(const ::testing::TestParamInfo<bool>& encodes) {
  return encodes.param ? "Encoded" : "Moved";
}

}  // namespace shoal::testing

#define SHOAL_TEST_IN_SESSIONS(suite) \
  INSTANTIATE_TEST_SUITE_P(Embedded, suite, ::testing::Bool(), shoal::testing::name_of_session)
