#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sim/cluster/program.h"
#include "sim/world/faults.h"

namespace shoal::sim::cluster {

/// What became of one run.
struct Outcome {
  std::string failure;  ///< The first broken promise; empty = none.
  std::uint64_t trace_hash = 0;
  std::string trace;  ///< Only where it was asked for.
  std::uint64_t events = 0;
  std::uint64_t messages = 0;
  std::uint64_t ops = 0;       ///< That scripts carried out.
  std::uint64_t executed = 0;  ///< Attempts that began.
  std::uint64_t repeated = 0;  ///< Of them, those that were not the first of their task.
  std::uint64_t values = 0;    ///< That the driver got.
  std::uint64_t errors = 0;    ///< That it got in the place of values.
  std::uint64_t machines_lost = 0;
  std::uint64_t failed_starts = 0;  ///< Workers that died as they started.
  FaultTally faults;

  Outcome& operator+=(const Outcome& other);
};
/// The figures, for people and scripts: "ops 17, attempts 12, ...".
std::string to_string(const Outcome& outcome);

/// Runs the program in a world of machines with real cores, under the faults of the seed, and compares what each driver
/// got with what the program means; again until all faults have happened and there was enough to do. The same program and
/// seed give the same outcome.
Outcome run_program(const Program& program, std::uint64_t seed, bool with_trace = false);

/// A program that is smaller, fails still, and cannot be made smaller by one step. `fails` is asked about each candidate.
Program shrink(Program program, const std::function<bool(const Program&)>& fails);

}  // namespace shoal::sim::cluster
