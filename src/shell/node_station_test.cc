#include "shell/node_station.h"

#include <gtest/gtest.h>

#include <utility>
#include <variant>
#include <vector>

namespace shoal::shell {
namespace {

/// Keeps what it is told.
class Told final : public Station {
 public:
  Told(Switch& network, ProcessId self) : Station(network, self) { network.add(*this); }

  /// In order, and as another thread would see it now: it may serve this whenever there is mail.
  template <class T>
  std::vector<T> all() {
    serve();
    std::vector<T> found;
    for (const wire::Message& each : told_) {
      if (const auto* const is = std::get_if<T>(&each)) found.push_back(*is);
    }
    return found;
  }

 private:
  void on_message(ProcessId, wire::Message& message) override { told_.push_back(std::move(message)); }
  void take_messages(std::vector<wire::Envelope>&) override {}

  std::vector<wire::Message> told_;
};

TEST(NodeStation, TellsOfALeaseWhenItsWorkerHasTheLimit) {
  constexpr std::int64_t k_one = 1'000'000, k_limit = 64 << 20;
  Surroundings around({.cpu = 4 * k_one, .gpu = 0, .memory = 4 * k_limit});
  Told* hears = nullptr;
  std::vector<ProcessId> started;
  std::vector<std::size_t> grants_at_limit;
  NodeStation node(around, only_node("here", around.total, {}), [&](const node::Action& action) {
    if (const auto* const starts = std::get_if<node::StartWorker>(&action)) started.push_back(starts->worker);
    if (const auto* const limits = std::get_if<node::LimitMemory>(&action); limits != nullptr && limits->bytes > 0) {
      grants_at_limit.push_back(hears->all<wire::LeaseGrant>().size());
    }
  });
  Told owner(around.network, node.name_process());
  hears = &owner;
  const auto demand = [&](std::uint32_t kind) {
    around.network.send(owner.self(), node.self(),
                        wire::LeaseDemand{.kind = kind, .resources = {.cpu = k_one, .memory = k_limit}, .wanted = 1});
    around.network.serve_posted();
  };
  demand(1);
  ASSERT_EQ(started.size(), 1U);
  node.on_worker_started(started[0]);
  EXPECT_EQ(grants_at_limit, std::vector<std::size_t>{0});
  ASSERT_EQ(owner.all<wire::LeaseGrant>().size(), 1U);

  demand(2);
  ASSERT_EQ(started.size(), 2U);
  node.on_worker_started(started[1]);
  EXPECT_EQ(grants_at_limit, (std::vector<std::size_t>{0, 1}));
  const auto grants = owner.all<wire::LeaseGrant>();
  ASSERT_EQ(grants.size(), 2U);
  EXPECT_EQ(grants[1].kind, 2U);
  around.network.remove(owner);
}

}  // namespace
}  // namespace shoal::shell
