#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "node/core.h"
#include "sim/world/process.h"
#include "sim/world/world.h"

namespace shoal::sim::cluster {

/// The daemon of a simulated machine: a node core whose workers are processes of the world.
class NodeHost final : public Process {
 public:
  /// What to do where the core asks for workers.
  struct Workers {
    std::function<void(ProcessId)> spawn;
    std::function<bool(ProcessId)> may_retire;
  };
  NodeHost(World& world, node::Core::Options options, Workers workers)
      : world_(world), core_(std::move(options)), workers_(std::move(workers)) {}

  node::Core& core() { return core_; }

  void on_message(ProcessId from, wire::Message message) override;
  void on_process_died(ProcessId process, const std::string& cause) override;
  void on_time(Time now) override;
  std::optional<Time> next_time() const override { return core_.next_time(); }
  void take_messages(std::vector<wire::Envelope>& into) override;

 private:
  void act();
  void carry_out(const node::Action& action);
  void start(ProcessId worker);

  World& world_;
  node::Core core_;
  const Workers workers_;
  node::Actions actions_;
};

}  // namespace shoal::sim::cluster
