#include "sim/cluster/node_host.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

namespace shoal::sim::cluster {
namespace {

constexpr ProcessId k_node{1, 0};

/// Says what it is given; keeps what it hears. As an owner, a worker, or a control service.
class Person final : public Process {
 public:
  void on_message(ProcessId, wire::Message message) override {
    if (const auto* grant = std::get_if<wire::LeaseGrant>(&message)) leases[grant->lease] = grant->worker;
    if (const auto* lost = std::get_if<wire::LeaseLost>(&message)) leases.erase(lost->lease);
    heard.push_back(std::move(message));
  }
  void on_process_died(ProcessId, const std::string&) override {}
  void on_time(Time) override {}
  std::optional<Time> next_time() const override { return std::nullopt; }
  void take_messages(std::vector<wire::Envelope>& into) override {
    into.clear();
    into.swap(out);
  }

  std::map<std::uint64_t, ProcessId> leases;
  std::vector<wire::Message> heard;
  std::vector<wire::Envelope> out;
};

class Machine {
 public:
  explicit Machine(std::uint64_t seed, std::int64_t cpus) : world_({.seed = seed}) {
    node::Core::Options options;
    options.node = k_node.node;
    options.total.cpu = cpus * wire::k_one;
    const auto spawn = [this](ProcessId id) { world_.spawn(id, std::make_unique<Person>()); };
    const auto may_retire = [this](ProcessId id) { return id != kept; };
    auto host = std::make_unique<NodeHost>(world_, options, NodeHost::Workers{spawn, may_retire});
    node_ = &host->core();
    owner_ = node_->name_process();
    world_.spawn(k_control, std::make_unique<Person>());
    world_.spawn(k_node, std::move(host));
    spawn(owner_);
  }

  void demand(std::uint32_t wanted) {
    wire::LeaseDemand demand;
    demand.resources.cpu = wire::k_one;
    demand.wanted = wanted;
    say(demand);
  }
  void say(wire::Message message) {
    owner().out.push_back({k_node, std::move(message)});
    world_.wake(owner_);
  }
  void run() { EXPECT_TRUE(world_.run(100'000)); }
  /// Runs until the owner holds so many leases.
  void run_to(std::size_t leases) {
    while (owner().leases.size() != leases) ASSERT_TRUE(world_.step()) << "it never comes to " << leases;
  }
  Person& owner() { return *dynamic_cast<Person*>(world_.find(owner_)); }
  World& world() { return world_; }
  node::Core& node() { return *node_; }

  ProcessId kept;  // a worker that does not retire

 private:
  World world_;
  node::Core* node_ = nullptr;
  ProcessId owner_;
};

TEST(NodeHost, StartsWorkersForWhatIsWanted) {
  Machine machine(1, 3);
  machine.demand(2);
  machine.run_to(2);
  for (const auto& [lease, worker] : machine.owner().leases) EXPECT_TRUE(machine.world().is_alive(worker));
  machine.demand(2);
  machine.run_to(3);
}

TEST(NodeHost, LearnsThatAWorkerDied) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Machine machine(seed, 2);
    machine.demand(2);
    machine.run_to(2);
    machine.demand(0);
    machine.world().kill(machine.owner().leases.begin()->second, "killed");
    machine.run_to(1);
    machine.run();
    EXPECT_EQ(machine.node().holdings().leases, 1u);
  }
}

TEST(NodeHost, IdleWorkersRetireUnlessTheyMayNot) {
  Machine machine(1, 4);
  machine.demand(4);
  machine.run_to(4);
  machine.demand(0);
  machine.kept = machine.owner().leases.rbegin()->second;
  for (const auto& [lease, worker] : std::exchange(machine.owner().leases, {})) {
    machine.say(wire::LeaseReturn{.lease = lease});
  }
  // One that stays is asked again for ever, so the world does not come to rest.
  machine.world().run(2'000);
  EXPECT_TRUE(machine.world().is_alive(machine.kept));
  EXPECT_LE(machine.node().holdings().workers, 2u) << "the one that stays, and one that is warm";
}

}  // namespace
}  // namespace shoal::sim::cluster
