#pragma once

#include <shoal/base/error.h>
#include <shoal/base/ids.h>

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "shell/worker_page.h"

namespace shoal::shell {

/// How often a worker with a limit is looked at.
inline constexpr Time k_limit_sample_ns = 50'000'000;
/// How often the machine is looked at.
inline constexpr Time k_pressure_sample_ns = 250'000'000;

/// A worker process at one moment.
struct MemoryUse {
  ProcessId worker;
  int pid = 0;
  std::int64_t bytes = 0;  ///< Of memory that is its own.
  std::int64_t limit = 0;  ///< 0 = none.
  RunsNow now{};
};
struct MachineMemory {
  std::int64_t total = 0;
  std::int64_t available = 0;
};

/// For errors: what a process used, and who held it to its limit.
std::string text_of_limit(int pid, std::int64_t used, std::int64_t limit, std::string_view held);

/// Which workers are ended for their memory, and why: those above their limit; and while the machine has less left than it is
/// to keep, the one that began last of those whose task is tried again, one at a time. Pure.
class MemoryPolicy {
 public:
  struct Verdict {
    ProcessId worker;
    ErrorCode code = ErrorCode::out_of_memory;  ///< Of its task's failure.
    std::string text;
  };

  /// `reserve`: the part of the machine's memory that is to be left; 0 = never mind.
  explicit MemoryPolicy(double reserve) : reserve_(reserve) {}

  bool minds_machine() const { return reserve_ > 0; }
  bool is_short(const MachineMemory& machine) const;
  /// `machine`: not set where only limits are looked at. Names each worker once.
  std::vector<Verdict> judge(std::span<const MemoryUse> workers, const std::optional<MachineMemory>& machine, Time now);
  /// It is gone.
  void forget(ProcessId worker) { ended_.erase(worker); }

 private:
  const MemoryUse* youngest(std::span<const MemoryUse> workers) const;

  const double reserve_;
  std::set<ProcessId> ended_;  // and still there
  Time again_at_ = 0;          // the earliest time to end another for the machine
};

}  // namespace shoal::shell
