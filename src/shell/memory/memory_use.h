#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "shell/memory/memory_policy.h"

namespace shoal::shell {

/// Bytes that are in memory and belong to this process alone: neither files that it maps nor memory that it shares. Not set
/// where there is no such process.
std::optional<std::int64_t> own_memory(int pid, const std::filesystem::path& root = "/");

/// What the machine has left without swapping, or the tightest cgroup of this process where that is less (version 1 and 2).
std::optional<MachineMemory> machine_memory(const std::filesystem::path& root = "/");

/// How many processes the system has ended since it was started, for lack of memory.
std::int64_t ended_by_system(const std::filesystem::path& root = "/");

}  // namespace shoal::shell
