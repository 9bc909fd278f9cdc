#pragma once

#include <string>
#include <vector>

#include "control/core.h"
#include "shell/owner_station.h"
#include "shell/station.h"

namespace shoal::shell {

/// The control service in a station of its own; what it knows is in memory alone.
class ControlStation final : public Station, private Timed {
 public:
  explicit ControlStation(Surroundings& around);
  ~ControlStation() override;

  void on_process_died(ProcessId process, const std::string& cause);

 private:
  template <class F>
  void act(F&& f);
  void on_message(ProcessId from, wire::Message& message) override;
  void take_messages(std::vector<wire::Envelope>& into) override;
  void on_time() override;

  Surroundings& around_;
  control::Core core_;  // guarded by the station's lock
};

}  // namespace shoal::shell
