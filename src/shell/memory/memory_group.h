#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/status.h"
#include "base/thread_safety.h"

namespace shoal::shell {

/// What the system keeps for a process beside its own memory, such as page tables and the buffers of channels, counts for
/// its group, too: a group gets so much for a limit. What the process had before it was in the group does not count there.
constexpr std::int64_t group_bytes(std::int64_t limit) { return limit + limit / 256 + (std::int64_t{16} << 20); }

/// Where this process may make memory control groups: below its own, so that what holds for it holds for them.
struct GroupPlace {
  std::filesystem::path folder;
  int version = 1;
};

/// Looks below `root`, "/" outside tests, and changes nothing. Errors: unavailable, with the reason.
Result<GroupPlace> find_group_place(const std::filesystem::path& root = "/");

/// The memory control groups of the workers that one node of this process starts.
class MemoryGroups {
 public:
  /// Removes those of processes that are gone.
  explicit MemoryGroups(const std::filesystem::path& root = "/");

  /// Null where there can be none, which the log says the first time.
  const GroupPlace* place();
  /// The system refused one: no other is tried.
  void give_up(const Status& why);

 private:
  const Result<GroupPlace> place_;
  std::atomic<bool> is_given_up_{false};
};

/// The control group of one worker process: the system ends the worker, or a process that it started, instead of giving
/// them more than group_bytes() together. Its calls are safe from any thread.
class MemoryGroup {
 public:
  /// A process was ended at the limit; `peak`: what the group had at most, and `limit` what its task was to have.
  struct Reached {
    std::int64_t peak = 0;
    std::int64_t limit = 0;
  };

  MemoryGroup(MemoryGroups& home, pid_t worker) : home_(home), worker_(worker) {}
  ~MemoryGroup() { remove(); }
  MemoryGroup(const MemoryGroup&) = delete;
  MemoryGroup& operator=(const MemoryGroup&) = delete;

  /// From now on; 0 = none. The group is made for the first limit, which takes some ten milliseconds. Where it cannot be held,
  /// there is none.
  void limit(std::int64_t bytes);
  /// The worker has ended, and nobody has taken it away yet: afterwards its number may be another's, so limit() does nothing
  /// any more. Set where the system ended a process of the group at its limit.
  std::optional<Reached> close();
  /// After close(). A process that the worker started may still be in there: the destructor tries again, and whoever makes
  /// groups when this process is gone.
  void remove();

 private:
  void begin(std::int64_t bytes) REQUIRES(mutex_);
  Status make(const GroupPlace& place) REQUIRES(mutex_);
  int set(std::int64_t bytes) REQUIRES(mutex_);
  std::int64_t ended() const REQUIRES(mutex_);

  MemoryGroups& home_;
  const pid_t worker_;

  Mutex mutex_;
  std::filesystem::path folder_ GUARDED_BY(mutex_);  // empty = not made
  int version_ GUARDED_BY(mutex_) = 0;
  std::int64_t limit_ GUARDED_BY(mutex_) = 0;
  std::int64_t ended_before_ GUARDED_BY(mutex_) = 0;  // under limits of before
  bool is_closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace shoal::shell
