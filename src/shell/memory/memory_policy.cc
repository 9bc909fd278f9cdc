#include "shell/memory/memory_policy.h"

#include <fmt/format.h>

#include <algorithm>

namespace shoal::shell {
namespace {

/// What a process had is free some time after its end.
constexpr Time k_effect_ns = 1'000'000'000;
/// To end a process that has less is of no use.
constexpr std::int64_t k_worth_bytes = std::int64_t{32} << 20;

std::string in_mib(std::int64_t bytes) { return fmt::format("{} MiB", bytes >> 20); }

}  // namespace

std::string text_of_limit(int pid, std::int64_t used, std::int64_t limit, std::string_view held) {
  return fmt::format(
      "process {} used {} of its memory limit of {} ({}), and was ended; raise .memory, or give the task "
      "less at once",
      pid, in_mib(used), in_mib(limit), held);
}

bool MemoryPolicy::is_short(const MachineMemory& machine) const {
  return static_cast<double>(machine.available) < reserve_ * static_cast<double>(machine.total);
}

std::vector<MemoryPolicy::Verdict> MemoryPolicy::judge(std::span<const MemoryUse> workers,
                                                       const std::optional<MachineMemory>& machine, Time now) {
  std::vector<Verdict> verdicts;
  for (const MemoryUse& use : workers) {
    if (use.limit == 0 || use.bytes <= use.limit || !ended_.insert(use.worker).second) continue;
    verdicts.push_back({use.worker, ErrorCode::out_of_memory,
                        text_of_limit(use.pid, use.bytes, use.limit,
                                      fmt::format("looked at every {} ms", k_limit_sample_ns / 1'000'000))});
  }
  if (!machine || !is_short(*machine) || now < again_at_) return verdicts;
  const MemoryUse* const chosen = youngest(workers);
  if (chosen == nullptr) return verdicts;
  ended_.insert(chosen->worker);
  again_at_ = now + k_effect_ns;
  verdicts.push_back(
      {chosen->worker, ErrorCode::worker_died,
       fmt::format("process {} used {} and was ended for the machine, which had {} of {} left, less than "
                   "{:g} %; of the tasks that are tried again it had begun last",
                   chosen->pid, in_mib(chosen->bytes), in_mib(machine->available), in_mib(machine->total),
                   100 * reserve_)});
  return verdicts;
}

/// Null where none may be ended. Of two that began at once the one with the higher number.
const MemoryUse* MemoryPolicy::youngest(std::span<const MemoryUse> workers) const {
  const MemoryUse* chosen = nullptr;
  for (const MemoryUse& use : workers) {
    const bool may_end = use.now.is_retriable && !use.now.task.empty() && use.bytes >= k_worth_bytes;
    if (!may_end || ended_.contains(use.worker)) continue;
    const auto age = [](const MemoryUse& one) { return std::pair(one.now.since, one.worker); };
    if (chosen == nullptr || age(*chosen) < age(use)) chosen = &use;
  }
  return chosen;
}

}  // namespace shoal::shell
