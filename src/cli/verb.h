#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "cli/arguments.h"

namespace shoal::cli {

/// Of the program, as shells and scripts know them.
inline constexpr int k_done = 0, k_failed = 1, k_misused = 2;

/// What follows "shoal" on the command line.
struct Verb {
  std::string_view name;
  std::string_view operands;  ///< Behind the options in its help: "PROGRAM [ARGS...]"; empty for none.
  std::string_view summary;
  std::span<const Option> options;
  /// Returns the program's exit status. A Status that it returns is said to people, and ends it with k_misused where it is
  /// invalid_argument or unsupported, else with k_failed.
  Result<int> (*run)(const Arguments& arguments);
};

// One file each. A new one is a file and a line here and in shoal.cc.
extern const Verb k_start, k_stop, k_status, k_memory, k_run, k_doctor, k_microbenchmark;

/// Options of those who look for a cluster.
inline constexpr Option k_address{"--address", "FOLDER", "the cluster's folder, or auto for the only one there is"};
inline constexpr Option k_temp_dir{"--temp-dir", "DIR",
                                   "where clusters have their folders; default SHOAL_TEMP_DIR, else /tmp"};

/// The command line: a verb and what follows it.
int run_command(const std::vector<std::string>& words);

}  // namespace shoal::cli
