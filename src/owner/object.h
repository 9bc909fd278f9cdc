#pragma once

#include <shoal/base/ids.h>
#include <shoal/wire/payload.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "wire/failure.h"

namespace shoal::owner {

struct Actor;
struct Object;
struct Task;

/// Told of an object that it watches. Called inside the core, under its shell's lock: it may only take note.
class Waiter {
 public:
  virtual ~Waiter() = default;
  /// It is ready. Nothing follows.
  virtual void on_ready(Object& object) = 0;
  /// Core::claim() may find something now.
  virtual void on_claimable(Object& object) = 0;
};

/// Something that goes on once this process is registered for some borrowed objects.
struct Hold {
  enum class Goal : std::uint8_t {
    retained,  ///< A run ended and still holds them: its submitter keeps its pins until then.
    commit,    ///< A result contains them.
    item,      ///< An item of a stream contains them.
  };
  Goal goal{};
  void* target = nullptr;     ///< Run, Task or Arrival.
  std::uint32_t missing = 0;  ///< Acknowledgements.
};

/// Something that begins once the values of some objects are ready.
struct Need {
  enum class Whose : std::uint8_t { task, actor };
  explicit Need(Whose it_is) : whose(it_is) {}
  const Whose whose;
  std::uint32_t missing = 0;  ///< Values.
};

/// What one process knows of an object that it owns or holds references to. It stays at one address as long as anything
/// here needs it. Made, counted and destroyed by Objects.
struct Object {
  enum class Phase : std::uint8_t { pending, value, failed };
  enum class Borrow : std::uint8_t {
    own,      ///< Not borrowed.
    covered,  ///< By the tasks that run here and got it as an argument, or in one.
    adding,   ///< BorrowAdd is on its way.
    registered,
    orphan,  ///< The owner is dead, or does not know it.
  };

  explicit Object(const ObjectId& its_id) : id(its_id) {}

  const ObjectId id;

  // Synchronised by themselves: threads that hold a handle use them without the core's lock.
  std::atomic<std::uint32_t> handles{0};     ///< Of the program. Taken to 0 under the lock, with Core::released().
  std::atomic<Phase> phase{Phase::pending};  ///< Once it is not pending (acquire), what follows never changes. One
                                             ///< that stands for an actor is pending until that is dead for good.
  Payload value;                             ///< Of Phase::value.
  wire::FailurePtr failure;                  ///< Of Phase::failed.

  // Guarded by the core's lock.
  Borrow borrow = Borrow::own;
  bool fetching = false;     ///< Of a borrowed one: FetchValue was sent.
  std::uint32_t pins = 0;    ///< Tasks that have it as an argument, runs that got it, and other business under way.
  std::uint32_t outers = 0;  ///< Own values that contain it.
  Task* maker = nullptr;     ///< The own task that will make it; null once it is ready.
  Object* next_result = nullptr;  ///< Of its maker; holds as long as it is pending, or nobody let go of any of them.
  Actor* actor = nullptr;         ///< That it stands for, where this process created or called it.
  Object* next_by_id = nullptr;
  struct Interest;
  std::unique_ptr<Interest> interest;  ///< Made when first needed; most objects never do.
};

/// Who waits for an object or holds it from elsewhere.
struct Object::Interest {
  std::vector<ProcessId> borrowers;  ///< Of an own object, sorted.
  std::vector<ProcessId> fetchers;   ///< Of an own object that is pending.
  std::vector<Need*> needed_by;      ///< What waits here for its value.
  std::vector<Waiter*> waiters;
  std::vector<Hold*> holds;  ///< Of a borrowed one: what goes on once it is registered.
  Object* outer = nullptr;   ///< Likewise: the value that it was found in, pinned until then.
};

/// Of objects that have values; nothing for those that are pending.
std::vector<Payload> values_of(std::span<Object* const> objects);

}  // namespace shoal::owner
