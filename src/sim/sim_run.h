#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/program.h"
#include "sim/sim_engine.h"

namespace shoal::sim {

struct SimResult {
  std::string failure;  ///< The first broken promise; empty = none.
  std::uint64_t trace_hash = 0;
  std::string trace;  ///< Only where it was asked for.
  std::int64_t events = 0;
  bool ended_in_error = false;
  FaultCounts faults;
};

/// Runs the program of a seed on the simulated engine, checks every step, and compares what the consumer got with what
/// the program means. The same seed gives the same result.
SimResult run_seed(std::uint64_t seed, bool with_trace = false);
SimResult run_program(const Program& program, std::uint64_t seed, bool with_trace = false);

}  // namespace shoal::sim
