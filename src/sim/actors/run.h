#pragma once

#include <cstdint>
#include <string>

#include "sim/world/faults.h"

namespace shoal::sim::actors {

/// What became of one run.
struct Outcome {
  std::string failure;  ///< The first broken promise; empty = none.
  std::uint64_t trace_hash = 0;
  std::string trace;  ///< Only where it was asked for.
  std::uint64_t events = 0;
  std::uint64_t incarnations = 0, executions = 0, values = 0, failures = 0;
  std::uint64_t repeated = 0;  ///< Executions beyond the retries: an answer before them was lost.
  std::uint64_t nodes_died = 0, processes_died = 0;
  FaultTally faults;
};

/// Drivers and actors on the real cores of owners, of machines that come and go and of the control service, under the
/// faults of the seed. The same seed gives the same outcome.
Outcome run_actors(std::uint64_t seed, bool with_trace = false);

}  // namespace shoal::sim::actors
