#include "api/capacity.h"

#include <algorithm>

#include "api/current_session.h"
#include "shell/machine.h"
#include "shell/running_call.h"

namespace shoal {

Capacity default_capacity() {
  static const shell::Machine machine = shell::read_machine();
  Capacity capacity{.cpus = machine.cpus, .memory = machine.memory};
  if (shell::RunningCall::of_this_thread() != nullptr || has_session()) {
    const auto cpu = static_cast<double>(home_of_this_thread().node_total().cpu);
    capacity.cpus = std::max(1.0, cpu / static_cast<double>(wire::k_one));
  }
  return capacity;
}

}  // namespace shoal
