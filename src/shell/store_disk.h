#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "base/status.h"
#include "base/thread_safety.h"
#include "store/actions.h"
#include "store/memory.h"
#include "store/spill_files.h"

namespace shoal::shell {

/// What the store asks of the system and may have to wait for: memory is reserved, and bytes go to disk and back, in order, on
/// a thread of its own.
class StoreDisk {
 public:
  /// What became of an action; `memory` of a CreateExtent that went well. On its thread, under no lock.
  using Told = std::function<void(const store::Action& action, const Status& status,
                                  std::shared_ptr<const store::SharedMemory> memory)>;

  /// `files`: null = there is no disk.
  StoreDisk(std::unique_ptr<store::SpillFiles> files, Told told);
  /// Drops what has not begun.
  ~StoreDisk();
  StoreDisk(const StoreDisk&) = delete;
  StoreDisk& operator=(const StoreDisk&) = delete;

  /// CreateExtent, ReclaimExtent, WriteSpill, ReadSpill or DeleteSpill. From any thread and under any lock.
  void post(store::Action action);

 private:
  struct Extent {
    std::shared_ptr<store::SharedMemory> memory;
    store::Mapping mapping{};  // once it was needed
  };

  void run();
  void carry_out(const store::Action& action);
  Result<std::shared_ptr<store::SharedMemory>> create(const store::CreateExtent& what);
  Status reclaim(store::ExtentId id);
  Status transfer(const store::Action& action);
  Result<std::span<std::byte>> bytes_at(const store::Place& place);

  // Of its thread.
  const std::unique_ptr<store::SpillFiles> files_;
  const Told told_;
  std::map<store::ExtentId, Extent> extents_;

  Mutex mutex_;
  CondVar changed_;
  std::deque<store::Action> actions_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace shoal::shell
