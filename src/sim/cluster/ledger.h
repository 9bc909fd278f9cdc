#pragma once

#include <shoal/base/ids.h>
#include <shoal/wire/payload.h>

#include <cstdint>
#include <map>
#include <string>

#include "sim/cluster/conversations.h"
#include "sim/world/world.h"

namespace shoal::sim::cluster {

/// What really ran in a world of tasks and what was read, written down by those who did it; it says which promise was
/// broken: an attempt runs once and in one place, what is read comes from the last attempt and is the same for all.
class Ledger {
 public:
  Ledger(const World& world, const Conversations& conversations) : world_(world), conversations_(conversations) {}

  /// An attempt begins in that process. `retries` of the task; -1 = always.
  void began(ProcessId process, const TaskId& task, std::uint32_t attempt, std::int32_t retries);
  void ended(ProcessId process, const TaskId& task, bool failed);
  /// Somebody reads what is behind the reference.
  void read(const ObjectId& id, const Payload& value);
  void fail(const std::string& what) {
    if (failure_.empty()) failure_ = what;
  }

  /// The first promise that was broken. Empty = none.
  const std::string& failure() const { return failure_; }

  std::uint64_t ops = 0;                     ///< That scripts carried out.
  std::uint64_t executed = 0, repeated = 0;  ///< Attempts that began; of them those that were not the first.

 private:
  struct Attempts {
    std::uint32_t begun = 0;   // how often it began
    std::uint32_t last = 0;    // the highest number
    std::uint32_t failed = 0;  // that ended by a failure
    ProcessId place;           // of the last one
    bool runs = false;
    bool read = false;  // its results are known
  };

  const World& world_;
  const Conversations& conversations_;
  std::map<TaskId, Attempts> tasks_;
  std::map<ObjectId, std::uint64_t> numbers_;  // as they were read first
  std::string failure_;
};

}  // namespace shoal::sim::cluster
