#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <string>
#include <vector>

#include "wire/failure.h"
#include "wire/resources.h"
#include "wire/task.h"

/// The conversation of an owner with its node's daemon about workers, and of a worker about the CPU it lends.
namespace shoal::wire {

/// State, not a request: how many workers the owner could use now for tasks of one kind. Replaces what it said before.
struct LeaseDemand {
  std::uint32_t kind = 0;  ///< The owner's number for (resources, strategy, priority).
  Resources resources;
  Strategy strategy{};
  std::int32_t priority = 0;
  std::uint32_t wanted = 0;  ///< Beside those it holds. Each grant takes one from it.
};
/// A worker for this owner alone until the lease ends.
struct LeaseGrant {
  std::uint32_t kind = 0;
  std::uint64_t lease = 0;
  ProcessId worker;
  std::vector<std::uint32_t> gpus;  ///< Indices.
};
/// No node will ever have what it asks for.
struct LeaseRefused {
  std::uint32_t kind = 0;
  std::string text;
};
/// Others wait: end this lease when its worker has nothing to do for you.
struct LeaseRecall {
  std::uint64_t lease = 0;
};
struct LeaseReturn {
  std::uint64_t lease = 0;
};
/// The worker is gone, and with it the lease.
struct LeaseLost {
  std::uint64_t lease = 0;
  std::string cause;
  ErrorCode code = ErrorCode::worker_died;  ///< Or `out_of_memory`: what it ran went over its limit.
};

/// A worker whose task waits lends its CPU, and takes it back. State, too.
struct WorkerWaits {
  bool waits = false;
};

}  // namespace shoal::wire
