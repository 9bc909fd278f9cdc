#include "sim/world/simulated_channel.h"

#include <gtest/gtest.h>

#include <memory>

#include "net/testing/channel_suite.h"
#include "sim/random.h"
#include "sim/world/event_queue.h"

namespace shoal::sim {
namespace {

class SimulatedFixture : public ChannelWorld {
 public:
  void connect(std::uint64_t epoch) {
    left_ = std::make_unique<SimulatedChannel>(*this, 0, epoch);
    right_ = std::make_unique<SimulatedChannel>(*this, 1, epoch);
    SimulatedChannel::join(*left_, *right_);
  }
  net::Channel& left() { return *left_; }
  net::Channel& right() { return *right_; }
  void settle() {
    while (!queue_.empty()) {
      const auto [time, expected] = queue_.pop();
      now_ = time;
      SimulatedChannel& to = expected.place == 0 ? *left_ : *right_;
      if (to.epoch() == expected.epoch) to.on_event();
    }
  }
  void cut() { left_->cut(); }

 private:
  struct Expected {
    std::uint32_t place;
    std::uint64_t epoch;
  };
  Time now() const override { return now_; }
  Time delay(const SimulatedChannel&) override { return random_.between(0, 1'000); }
  void expect(Time at, SimulatedChannel& to) override { queue_.push(at, {to.place(), to.epoch()}); }

  Random random_{1};
  Time now_ = 0;
  EventQueue<Expected> queue_;
  std::unique_ptr<SimulatedChannel> left_, right_;
};

}  // namespace
}  // namespace shoal::sim

namespace shoal::net {
INSTANTIATE_TYPED_TEST_SUITE_P(Simulated, ChannelSuite, sim::SimulatedFixture);
}  // namespace shoal::net
