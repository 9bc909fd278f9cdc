#include "shell/machine.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <thread>

namespace shoal::shell {
namespace {

namespace fs = std::filesystem;

/// The first line of a file; empty where it cannot be read.
std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// The number that a text begins with; not set for "max" and for anything else.
std::optional<double> number_in(const std::string& text) {
  try {
    return std::stod(text);
  } catch (const std::exception&) { return std::nullopt; }
}

/// CPUs of a version 2 "quota period" line.
std::optional<double> quota_v2(const std::string& line) {
  const auto quota = number_in(line);
  const auto space = line.find(' ');
  if (!quota || space == std::string::npos) return std::nullopt;
  const auto period = number_in(line.substr(space + 1));
  if (!period || *period <= 0) return std::nullopt;
  return *quota / *period;
}

void tighten_v2(const fs::path& folder, Machine& machine) {
  if (const auto cpus = quota_v2(first_line(folder / "cpu.max"))) machine.cpus = std::min(machine.cpus, *cpus);
  if (const auto bytes = number_in(first_line(folder / "memory.max"))) {
    machine.memory = std::min(machine.memory, static_cast<std::int64_t>(*bytes));
  }
}

void tighten_v1(const fs::path& cpu_folder, const fs::path& memory_folder, Machine& machine) {
  const auto quota = number_in(first_line(cpu_folder / "cpu.cfs_quota_us"));
  const auto period = number_in(first_line(cpu_folder / "cpu.cfs_period_us"));
  if (quota && period && *quota > 0 && *period > 0) machine.cpus = std::min(machine.cpus, *quota / *period);
  const auto bytes = number_in(first_line(memory_folder / "memory.limit_in_bytes"));
  if (bytes && *bytes < 1e18) machine.memory = std::min(machine.memory, static_cast<std::int64_t>(*bytes));
}

/// This process's group and all above it, each of which may set a limit.
void tighten_by_cgroups(const fs::path& root, Machine& machine) {
  const fs::path mount = root / "sys/fs/cgroup";
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "0::/a/b" or "4:memory:/a/b"
    const auto colon = line.find(':');
    const auto second = line.find(':', colon + 1);
    if (colon == std::string::npos || second == std::string::npos) continue;
    const std::string kinds = line.substr(colon + 1, second - colon - 1);
    fs::path group = fs::path(line.substr(second + 1)).relative_path();
    while (true) {
      if (kinds.empty()) {
        tighten_v2(mount / group, machine);
      } else if (kinds.find("memory") != std::string::npos || kinds.find("cpu") != std::string::npos) {
        tighten_v1(mount / "cpu" / group, mount / "memory" / group, machine);
      }
      if (group.empty()) break;
      group = group.parent_path();
    }
  }
  tighten_v2(mount, machine);  // inside a container the group's own files stand at the mount
  tighten_v1(mount / "cpu", mount / "memory", machine);
}

std::int64_t total_memory(const fs::path& root) {
  std::ifstream file(root / "proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("MemTotal:", 0) != 0) continue;
    if (const auto kib = number_in(line.substr(9))) return static_cast<std::int64_t>(*kib) << 10;
  }
  return std::numeric_limits<std::int64_t>::max();
}

double allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

Machine read_machine(const fs::path& root) {
  Machine machine{.cpus = allowed_cpus(), .memory = total_memory(root)};
  tighten_by_cgroups(root, machine);
  machine.cpus = std::max(1.0, machine.cpus);
  return machine;
}

const std::string& host_name() {
  static const std::string name = [] {
    char text[256] = {};
    return std::string(::gethostname(text, sizeof text - 1) == 0 ? text : "localhost");
  }();
  return name;
}

}  // namespace shoal::shell
