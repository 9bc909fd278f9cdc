#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/world/world.h"
#include "wire/actor.h"

namespace shoal::sim::actors {

/// What really happened in a world of actors, written down by those who did it; it says which promise was broken.
class Ledger {
 public:
  explicit Ledger(const World& world) : world_(world) {}

  /// What its creator said of an actor.
  struct Terms {
    std::uint32_t threads = 1;
    std::int64_t call_retries = 0;
  };
  /// A process took an actor's incarnation over: nobody else may have it.
  void hosted(const ActorId& actor, std::uint32_t incarnation, ProcessId process, const Terms& terms);
  /// A call began there. `handle` names what the caller called it by: calls by one handle have an order.
  void began(const ActorId& actor, std::uint32_t incarnation, const TaskId& call, std::uint32_t attempt,
             std::uint64_t handle);
  /// Its caller wants no more of it, and has its failure at once.
  void cancelled(const TaskId& call) { cancelled_.insert(call); }
  /// The caller has its result; `failed` with the code of a failure.
  void ended(const TaskId& call, bool failed);
  /// A call failed since it may have been running in that process, though the actor may live on.
  void lost(ProcessId caller, std::uint64_t handle, ProcessId process);
  void fail(const std::string& what) {
    if (failure_.empty()) failure_ = what;
  }

  /// Its caller knows what came of it.
  bool is_over(const TaskId& call) const { return ended_.contains(call); }
  /// How often the call began.
  std::uint32_t begun(const TaskId& call) const;
  const std::string& failure() const { return failure_; }

  std::uint64_t incarnations = 0, executions = 0, values = 0, failures = 0;
  std::uint64_t repeated = 0;  ///< Executions beyond the retries: an answer before them was lost.

 private:
  const World& world_;
  std::map<ActorId, std::pair<std::uint32_t, ProcessId>> hosts_;
  using Line = std::tuple<ActorId, ProcessId, std::uint64_t>;      // of one caller and handle
  std::map<Line, std::uint64_t> first_attempts_;                   // the last
  std::map<std::pair<Line, std::uint32_t>, std::uint64_t> order_;  // by incarnation
  std::set<TaskId> cancelled_;
  std::map<ProcessId, Terms> terms_;
  std::map<std::tuple<ProcessId, std::uint64_t, ProcessId>, std::uint32_t> lost_;  // calls of a caller's handle
  std::map<TaskId, std::uint32_t> begun_;
  std::map<TaskId, bool> ended_;
  std::string failure_;
};

}  // namespace shoal::sim::actors
