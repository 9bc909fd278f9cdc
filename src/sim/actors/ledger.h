#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/world/world.h"
#include "wire/actor.h"

namespace shoal::sim::actors {

/// What really happened in a world of actors, written down by those who did it; it says which promise was broken.
class Ledger {
 public:
  explicit Ledger(const World& world) : world_(world) {}

  /// A process took an actor's incarnation over: nobody else may have it.
  void hosted(const ActorId& actor, std::uint32_t incarnation, ProcessId process);
  /// A call began there.
  void began(const ActorId& actor, std::uint32_t incarnation, const TaskId& call, std::uint32_t attempt);
  /// The caller has its result; `failed` with the code of a failure.
  void ended(const TaskId& call, bool failed);
  void fail(const std::string& what) {
    if (failure_.empty()) failure_ = what;
  }

  /// How often the call began.
  std::uint32_t begun(const TaskId& call) const;
  const std::string& failure() const { return failure_; }

  std::uint64_t incarnations = 0, executions = 0, values = 0, failures = 0;
  std::uint64_t repeated =
      0;  ///< Calls that began again though they had no retry left: an answer before them was lost.

 private:
  const World& world_;
  std::map<ActorId, std::pair<std::uint32_t, ProcessId>> hosts_;
  std::map<std::pair<ActorId, ProcessId>, std::uint64_t> first_attempts_;                   // by caller: the last
  std::map<std::pair<std::pair<ActorId, std::uint32_t>, ProcessId>, std::uint64_t> order_;  // by incarnation too
  std::map<TaskId, std::uint32_t> begun_;
  std::map<TaskId, bool> ended_;
  std::string failure_;
};

}  // namespace shoal::sim::actors
