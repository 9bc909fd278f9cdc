#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace shoal::shell {

/// What this process may use of the machine.
struct Machine {
  double cpus = 1;          ///< The affinity mask's, or less where a cgroup sets a quota; at least 1.
  std::int64_t memory = 0;  ///< Bytes: the machine's, or the tightest cgroup's limit.
};

/// Reads /proc and the cgroup files (version 1 and 2) below `root`, "/" outside tests. What cannot be read counts as
/// unlimited.
Machine read_machine(const std::filesystem::path& root = "/");

/// As it was at the first call.
const std::string& host_name();

}  // namespace shoal::shell
