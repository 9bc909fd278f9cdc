#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <variant>
#include <vector>

namespace shoal::node {

/// What the daemon's core asks of its shell, in this order.
// clang-format off
/// From the program of that driver. Answered by on_worker_started, or on_process_died.
struct StartWorker { ProcessId worker; ProcessId job; };
/// By force where it must be; answered by on_process_died.
struct StopWorker { ProcessId worker; };
/// It is idle for long: it shall end unless it owns something that others may still want. Answered by on_process_died, or
/// on_worker_stays.
struct RetireWorker { ProcessId worker; };
/// What runs there from now on may use so much memory; 0 = no limit.
struct LimitMemory { ProcessId worker; std::int64_t bytes = 0; };
// clang-format on

using Action = std::variant<StartWorker, StopWorker, RetireWorker, LimitMemory>;
using Actions = std::vector<Action>;

}  // namespace shoal::node
