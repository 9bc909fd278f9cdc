#include "shell/control_station.h"

namespace shoal::shell {

ControlStation::ControlStation(Surroundings& around) : Station(around.network, k_control), around_(around) {
  around_.network.add(*this);
  around_.pump.add(*this);
}

ControlStation::~ControlStation() {
  around_.network.remove(*this);
  around_.pump.remove(*this);
}

template <class F>
void ControlStation::act(F&& f) {
  enter([&] {
    core_.on_time(now());
    f();
  });
}

void ControlStation::on_process_died(ProcessId process, const std::string& cause) {
  act([&] { core_.on_process_died(process, cause); });
}

void ControlStation::on_message(ProcessId from, wire::Message& message) {
  core_.on_time(now());
  core_.on_message(from, message);
}

void ControlStation::take_messages(std::vector<wire::Envelope>& into) {
  core_.take_messages(into);
  if (const Time wake = core_.next_time().value_or(k_never); wake != wake_at()) around_.pump.wake_at(*this, wake);
}

void ControlStation::on_time() {
  act([] {});
}

}  // namespace shoal::shell
