#pragma once

#include <string>
#include <vector>

#include "control/core.h"
#include "shell/timed_station.h"

namespace shoal::shell {

/// The control service in a station of its own; what it knows is in memory alone.
class ControlStation final : public TimedStation {
 public:
  explicit ControlStation(Surroundings& around);
  ~ControlStation() override;

  void on_process_died(ProcessId process, const std::string& cause);

 private:
  void on_message(ProcessId from, wire::Message& message) override;
  void take_messages(std::vector<wire::Envelope>& into) override;
  void on_time() override;

  control::Core core_;  // guarded by the station's lock
};

}  // namespace shoal::shell
