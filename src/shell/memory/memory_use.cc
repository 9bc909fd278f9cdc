#include "shell/memory/memory_use.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "shell/memory/kernel_file.h"
#include "shell/memory/own_group.h"

namespace shoal::shell {
namespace {

namespace fs = std::filesystem;

/// What a group has left: pages of files that nobody used lately are taken back first.
void tighten(const fs::path& folder, const char* limit_file, const char* use_file, const char* unused,
             MachineMemory& machine) {
  const auto limit = number_in_file(folder / limit_file);
  const auto use = number_in_file(folder / use_file);
  if (!limit || !use || *limit >= machine.total) return;
  const std::int64_t left = *limit - *use + value_in_file(folder / "memory.stat", unused);
  machine.total = *limit;
  machine.available = std::clamp<std::int64_t>(left, 0, machine.available);
}

}  // namespace

std::optional<std::int64_t> own_memory(int pid, const fs::path& root) {
  std::ifstream file(root / "proc" / std::to_string(pid) / "statm");
  std::int64_t size = 0, resident = 0, shared = 0;
  if (!(file >> size >> resident >> shared)) return std::nullopt;
  static const std::int64_t page = ::sysconf(_SC_PAGESIZE);
  return (resident - shared) * page;
}

std::optional<MachineMemory> machine_memory(const fs::path& root) {
  const std::int64_t total = value_in_file(root / "proc/meminfo", "MemTotal:");
  if (total == 0) return std::nullopt;
  MachineMemory machine{.total = total << 10, .available = value_in_file(root / "proc/meminfo", "MemAvailable:") << 10};
  const OwnGroup own = own_group(root);
  const fs::path mount = root / "sys/fs/cgroup" / (own.version == 1 ? "memory" : "");
  // Inside a container the group's own files stand at the mount.
  for (const fs::path& folder : {mount, mount / fs::path(own.name).relative_path()}) {
    if (own.version == 1) {
      tighten(folder, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", machine);
    } else {
      tighten(folder, "memory.max", "memory.current", "inactive_file", machine);
    }
  }
  return machine;
}

std::int64_t ended_by_system(const fs::path& root) { return value_in_file(root / "proc/vmstat", "oom_kill"); }

}  // namespace shoal::shell
