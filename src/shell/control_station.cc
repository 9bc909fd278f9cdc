#include "shell/control_station.h"

namespace shoal::shell {

ControlStation::ControlStation(Surroundings& around) : TimedStation(around, k_control) { join(); }

ControlStation::~ControlStation() { part(); }

void ControlStation::on_process_died(ProcessId process, const std::string& cause) {
  act_on(core_, [&] { core_.on_process_died(process, cause); });
}

void ControlStation::on_message(ProcessId from, wire::Message& message) {
  core_.on_time(now());
  core_.on_message(from, message);
}

void ControlStation::take_messages(std::vector<wire::Envelope>& into) {
  core_.take_messages(into);
  call_at(core_.next_time().value_or(k_never));
}

void ControlStation::on_time() {
  act_on(core_, [] {});
}

}  // namespace shoal::shell
