#include "sim/testing/engine_suite.h"

#include <shoal/api/session.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "data/engine/embedded.h"
#include "sim/sim_engine.h"

namespace shoal::sim {
namespace {

/// Hands out one event at a time.
class Events {
 public:
  std::optional<data::EngineEvent> next(data::Engine& engine) {
    if (at_ == events_.size()) {
      engine.poll(events_);
      at_ = 0;
    }
    if (at_ == events_.size()) return std::nullopt;
    return std::move(events_[at_++]);
  }

 private:
  std::vector<data::EngineEvent> events_;
  std::size_t at_ = 0;
};

class EmbeddedUnderTest final : public EngineUnderTest {
 public:
  EmbeddedUnderTest() {
    engine_->set_wakeup([this] {
      const std::lock_guard lock(mutex_);
      ++wakeups_;
      woken_.notify_all();
    });
  }
  ~EmbeddedUnderTest() override { destroy(); }
  data::Engine& engine() override { return *engine_; }
  void destroy() override { engine_.reset(); }

  std::optional<data::EngineEvent> wait() override {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    std::unique_lock lock(mutex_);
    while (true) {
      const auto seen = wakeups_;
      lock.unlock();
      if (auto event = events_.next(*engine_)) return event;
      lock.lock();
      if (!woken_.wait_until(lock, deadline, [&] { return wakeups_ != seen; })) return std::nullopt;
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable woken_;
  std::int64_t wakeups_ = 0;
  Events events_;
  std::unique_ptr<data::Engine> engine_ =
      data::make_embedded_engine({.resources = {4, 0, 1 << 20}, .block_bytes = 1 << 16}).value_or_throw();
};

/// All pipelines in worker processes.
class ProcessesUnderTest final : public EngineUnderTest {
 public:
  ~ProcessesUnderTest() override { destroy(); }
  data::Engine& engine() override { return embedded_->engine(); }
  void destroy() override { embedded_->destroy(); }
  std::optional<data::EngineEvent> wait() override { return embedded_->wait(); }
  data::Isolation isolation() const override { return data::Isolation::processes; }

 private:
  static SessionOptions options() {
    SessionOptions options;
    options.processes = 4;
    return options;
  }
  Session session_{options()};
  std::optional<EmbeddedUnderTest> embedded_{std::in_place};
};

class SimUnderTest final : public EngineUnderTest {
 public:
  data::Engine& engine() override { return *engine_; }
  void destroy() override { engine_.reset(); }
  std::optional<data::EngineEvent> wait() override {
    while (true) {
      if (auto event = events_.next(*engine_)) return event;
      if (!engine_->next_turn()) return std::nullopt;
      engine_->run_turn();
    }
  }

 private:
  Events events_;
  std::unique_ptr<SimEngine> engine_ = std::make_unique<SimEngine>(1, Faults{}, data::Resources{4, 0, 1 << 20});
};

template <class Engine>
EngineMaker maker(const std::string& name) {
  return {name, [] { return std::make_unique<Engine>(); }};
}

std::string name_of(const ::testing::TestParamInfo<EngineMaker>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Engines, EngineSuite,
                         ::testing::Values(maker<EmbeddedUnderTest>("Embedded"), maker<ProcessesUnderTest>("Processes"),
                                           maker<SimUnderTest>("Simulated")),
                         name_of);

}  // namespace
}  // namespace shoal::sim
