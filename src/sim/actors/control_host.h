#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/core.h"
#include "sim/world/process.h"

namespace shoal::sim::actors {

/// The control service in a world.
class ControlHost final : public Process {
 public:
  const control::Core& core() const { return core_; }

  void on_message(ProcessId from, wire::Message message) override { core_.on_message(from, message); }
  void on_process_died(ProcessId process, const std::string& cause) override { core_.on_process_died(process, cause); }
  void on_time(Time now) override { core_.on_time(now); }
  std::optional<Time> next_time() const override { return core_.next_time(); }
  void take_messages(std::vector<wire::Envelope>& into) override { core_.take_messages(into); }

 private:
  control::Core core_;
};

}  // namespace shoal::sim::actors
