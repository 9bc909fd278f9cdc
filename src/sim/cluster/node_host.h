#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "node/core.h"
#include "sim/cluster/granted_cpus.h"
#include "sim/world/process.h"
#include "sim/world/world.h"

namespace shoal::sim::cluster {

/// The daemon of a simulated machine: a node core whose workers are processes of the world.
class NodeHost final : public Process {
 public:
  /// What to do where the core asks for workers; one may die as it starts.
  struct Workers {
    std::function<void(ProcessId)> spawn;
    std::function<bool(ProcessId)> may_retire;
  };
  NodeHost(World& world, node::Core::Options options, Workers workers)
      : world_(world), cpus_(options.total.cpu), core_(std::move(options)), workers_(std::move(workers)) {}

  node::Core& core() { return core_; }
  /// What no daemon may do. Empty = nothing. O(all).
  std::string fault() const { return cpus_.fault().empty() ? core_.leases().testing_fault() : cpus_.fault(); }

  void on_message(ProcessId from, wire::Message message) override;
  void on_process_died(ProcessId process, const std::string& cause) override;
  void on_time(Time now) override;
  std::optional<Time> next_time() const override { return core_.next_time(); }
  void take_messages(std::vector<wire::Envelope>& into) override;

 private:
  void pass_time(Time now);
  void act();
  void carry_out(const node::Action& action);
  void start(ProcessId worker);

  World& world_;
  GrantedCpus cpus_;
  node::Core core_;
  const Workers workers_;
  node::Actions actions_;
  std::vector<wire::Envelope> out_, batch_;
};

}  // namespace shoal::sim::cluster
