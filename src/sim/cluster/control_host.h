#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/core.h"
#include "sim/world/process.h"

namespace shoal::sim::cluster {

/// The control service in a world, and what a store of its changes would know.
class ControlHost final : public Process {
 public:
  const control::Core& core() const { return core_; }
  /// The changes give the truth. O(all).
  bool replays() const { return replayed_ == core_.truth(); }

  void on_message(ProcessId from, wire::Message message) override { core_.on_message(from, message); }
  void on_process_died(ProcessId process, const std::string& cause) override { core_.on_process_died(process, cause); }
  void on_time(Time now) override { core_.on_time(now); }
  std::optional<Time> next_time() const override { return core_.next_time(); }
  void take_messages(std::vector<wire::Envelope>& into) override {
    core_.take_changes(changes_);
    for (const control::Change& change : changes_) replayed_.apply(change);
    core_.take_messages(into);
  }

 private:
  control::Core core_{{.keep_changes = true}};
  control::Truth replayed_;
  std::vector<control::Change> changes_;
};

}  // namespace shoal::sim::cluster
