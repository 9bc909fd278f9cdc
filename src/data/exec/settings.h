#pragma once

#include <cstdint>
#include <string>

#include <shoal/data/options.h>

#include "base/status.h"

namespace shoal::data {

/// RunOptions with every choice made: the dataset's, then the process's defaults, then the environment, then the
/// machine's. Comparable and printable through explain().
struct RunSettings {
  double num_cpus = 1;
  double num_gpus = 0;
  std::int64_t memory_budget = 0;
  std::int64_t block_bytes = 0;
  int parallelism = 0;
  bool has_processes = false;                ///< Steps may run in worker processes.
  Isolation isolation = Isolation::threads;  ///< Of steps that do not say.
  bool preserve_order = true;
  bool fuse = true;
  Verbosity verbosity = Verbosity::normal;
  bool progress = false;
  std::string trace_path;
  std::string spill_dir;
  std::string name;
};

/// `base` with the members that are set in `over`.
RunOptions overlay(RunOptions base, const RunOptions& over);

/// Errors: invalid_argument naming the option (zero or negative CPUs, budget below 1 MiB, ...).
Result<RunSettings> resolve(const RunOptions& options);

}  // namespace shoal::data
