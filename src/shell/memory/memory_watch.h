#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "base/thread_safety.h"
#include "shell/memory/memory_policy.h"
#include "shell/pump.h"
#include "shell/worker_page.h"

namespace shoal::shell {

/// Looks at the memory of the worker processes of a node, and says which are to be ended: on the pump's thread, every 50 ms
/// while one of them has a limit, else every 250 ms while there are any.
class MemoryWatch final : private Timed {
 public:
  /// `end`: under no lock.
  MemoryWatch(Pump& pump, double reserve, std::function<void(const MemoryPolicy::Verdict&)> end);
  ~MemoryWatch() override;
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

  /// `page` lives until remove().
  void add(ProcessId worker, int pid, const WorkerPage& page);
  void remove(ProcessId worker);
  /// From now on; 0 = none. Of one that is not there it is nothing.
  void limit(ProcessId worker, std::int64_t bytes);

 private:
  struct Worker {
    int pid = 0;
    const WorkerPage* page = nullptr;
    std::int64_t limit = 0;
  };

  void on_time() override;
  void plan() REQUIRES(mutex_);
  std::vector<MemoryPolicy::Verdict> look(Time time);

  Pump& pump_;
  const std::function<void(const MemoryPolicy::Verdict&)> end_;
  Mutex mutex_;
  MemoryPolicy policy_ GUARDED_BY(mutex_);
  std::map<ProcessId, Worker> workers_ GUARDED_BY(mutex_);
  int limited_ GUARDED_BY(mutex_) = 0;
  Time machine_at_ GUARDED_BY(mutex_) = 0;  // when it is looked at next
};

}  // namespace shoal::shell
