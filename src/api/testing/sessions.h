#pragma once

#include <gtest/gtest.h>
#include <shoal/api/session.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "api/current_session.h"
#include "api/testing/shared.h"
#include "api/testing/test_daemon.h"
#include "shell/private_node.h"

namespace shoal::testing {

/// What runs the tasks of a test.
enum class Engine : std::uint8_t {
  moved,      ///< Threads; messages are moved.
  encoded,    ///< Threads; messages are encoded.
  processes,  ///< Worker processes.
  joined,     ///< Those of a daemon.
};

/// Whether nothing of values is in it; processes may have extents to write to.
inline bool is_empty(const store::Core::Usage& usage) {
  return usage.objects == 0 && usage.slots == 0 && usage.tickets == 0 && usage.spilled_bytes == 0;
}

/// Each test in a session of its own, on each engine.
class SessionTest : public ::testing::TestWithParam<Engine> {
 protected:
  SessionTest() : daemon_(prepared(GetParam())), session_(options_here()) {}

  static std::unique_ptr<TestDaemon> prepared(Engine engine) {
    renew_shared();
    return engine == Engine::joined ? std::make_unique<TestDaemon>(options(engine)) : nullptr;
  }
  SessionOptions options_here() const {
    if (daemon_ == nullptr) return options(GetParam());
    SessionOptions joins;
    joins.address = daemon_->address();
    return joins;
  }
  static SessionOptions options(Engine engine) {
    SessionOptions options;
    options.processes = engine == Engine::processes ? 4 : 0;
    options.num_cpus = 4;
    options.num_gpus = 2;
    options.memory = 1 << 30;
    options.resources = {{"license", 2}};
    options.labels = {{"zone", "a"}};
    options.encode_messages = engine == Engine::encoded;
    return options;
  }

  /// With the test's own references gone, nothing is left: no object, task, lease, stream or actor.
  void TearDown() override {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!home_of_this_thread().is_unused()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the test left something behind";
      std::this_thread::yield();
    }
    if (shell::StoreStation* const store = store_here()) {
      while (!is_empty(store->usage())) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the test left something in the store";
        std::this_thread::yield();
      }
    }
  }
  shell::StoreStation* store_here() const {
    if (daemon_ != nullptr) return &daemon_->store();
    shell::PrivateNode* const node = node_of_session();
    return node == nullptr ? nullptr : &node->store();
  }

  const std::unique_ptr<TestDaemon> daemon_;
  Session session_;
};

inline std::string name_of_engine(const ::testing::TestParamInfo<Engine>& engine) {
  constexpr const char* names[] = {"Moved", "Encoded", "Processes", "Joined"};
  return names[static_cast<std::size_t>(engine.param)];
}

}  // namespace shoal::testing

#define SHOAL_TEST_IN_SESSIONS(suite)                                                                            \
  INSTANTIATE_TEST_SUITE_P(Engines, suite,                                                                       \
                           ::testing::Values(shoal::testing::Engine::moved, shoal::testing::Engine::encoded,     \
                                             shoal::testing::Engine::processes, shoal::testing::Engine::joined), \
                           shoal::testing::name_of_engine)

/// For what is of use only where tasks run in this process.
#define SHOAL_TEST_IN_THREADS(suite)                                                                          \
  INSTANTIATE_TEST_SUITE_P(Engines, suite,                                                                    \
                           ::testing::Values(shoal::testing::Engine::moved, shoal::testing::Engine::encoded), \
                           shoal::testing::name_of_engine)
