#pragma once

#include <shoal/base/ids.h>
#include <shoal/wire/payload.h>

#include <atomic>
#include <cstdint>
#include <vector>

#include "wire/failure.h"

namespace shoal::owner {

class Core;
struct Object;
struct Task;

/// Told when an object that it watches is ready. Called inside the core, under its lock: it may only take note.
class Waiter {
 public:
  virtual ~Waiter() = default;
  virtual void on_ready(Object& object) = 0;
  /// The task that makes it, or one that that waits for, may be run by whoever waits (Core::claim).
  virtual void on_claimable(Object& object) = 0;
};

/// What one process knows of an object that it owns or holds references to. Lives at one address as long as anything
/// here needs it. Made, counted and destroyed by Core.
struct Object {
  enum class Phase : std::uint8_t { pending, value, failed };

  // Constant.
  ObjectId id;
  Core* home = nullptr;

  // Synchronised by themselves: threads that hold a handle may use them without the core's lock.
  std::atomic<std::uint32_t> handles{0};        ///< Of the program. Whoever takes it to 0 calls Core::released().
  std::atomic<Phase> phase{Phase::pending};     ///< Once it is not pending (acquire), what follows never changes.
  Payload value;                                ///< Of Phase::value.
  wire::FailurePtr failure;                     ///< Of Phase::failed.

  // Guarded by the core's lock.
  std::uint32_t pins = 0;                       ///< Tasks that have it as an argument, and other business under way.
  std::uint32_t outers = 0;                     ///< Values here that contain it.
  std::vector<ProcessId> borrowers;             ///< Of an own object: who else holds references.
  std::vector<ProcessId> fetchers;              ///< Of an own object: who waits for the value.
  std::vector<Task*> needed_by;                 ///< Tasks here that wait for the value.
  std::vector<Waiter*> waiters;
  Task* maker = nullptr;                        ///< Of an own object that is pending: what will make it.
  // Of a borrowed object.
  enum class Borrow : std::uint8_t {
    covered,     ///< By what it came with: the task that runs, or a value that is held.
    adding,      ///< BorrowAdd is on its way.
    registered,
  };
  Borrow borrow = Borrow::covered;
  bool fetching = false;
};

}  // namespace shoal::owner
