#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include <shoal/api/actor.h>

#include "base/thread_safety.h"
#include "data/engine/data_worker.h"
#include "data/engine/fragment_run.h"

namespace shoal::shell {
class OwnerStation;
}

namespace shoal::data {

/// The worker processes of one run, for pipelines whose steps ask for processes of their own. A fragment begins in a process
/// that runs none at the moment, or, where there is none, in a new one, so there are as many as ran at once; it stays there
/// to its end. Each worker of class steps is a process. Any thread.
class WorkerProcesses : public std::enable_shared_from_this<WorkerProcesses> {
 public:
  /// Null where the session of the calling thread has no worker processes. It outlives this.
  static std::shared_ptr<WorkerProcesses> of_session(const DataWorld& world);

  std::unique_ptr<FragmentRun> open(const FragmentSpec& spec, std::vector<Rows> inputs);
  /// A process with the objects of the pipeline's class steps. Errors: what making them gives; unsupported (a step that
  /// cannot leave this process); worker_died.
  Result<std::unique_ptr<WorkerState>> make_state(const std::shared_ptr<const Pipeline>& pipeline);

 private:
  class Fragment;
  class Turn;
  struct State;

  /// A pipeline as it travels, once for all processes.
  struct Packed {
    std::shared_ptr<const Pipeline> pipeline;  // so that its address stays its own
    std::uint64_t number = 0;
    Ref<Payload> bytes{};
  };
  struct Worker {
    Actor<DataWorker> actor;
    std::set<std::uint64_t> loaded{};  // pipelines; of the thread whose turn it is
    bool is_apart = false;             // of class steps; constant
    bool is_busy = false;              // it is some thread's turn; guarded by the owner's mutex, as the next
    int wanted = 0;                    // threads that have their turn or wait for it
  };
  using WorkerPtr = std::shared_ptr<Worker>;

  WorkerProcesses(shell::OwnerStation& home, const DataWorld& world) : home_(home), world_(world) {}

  /// Begins the calling thread's turn at `worker`, or, where that is null, at one that is free or new.
  WorkerPtr begin_turn(WorkerPtr worker) EXCLUDES(mutex_);
  void end_turn(Worker& worker) EXCLUDES(mutex_);
  /// The process is gone: nobody else is to get it.
  void remove(const WorkerPtr& worker) EXCLUDES(mutex_);
  WorkerPtr spawn_worker(bool is_apart);
  Result<Packed> pack(const std::shared_ptr<const Pipeline>& pipeline) EXCLUDES(mutex_);
  /// Sends the pipeline to the worker whose turn the calling thread has, unless that was done; gives its number there.
  Result<std::uint64_t> load(Worker& worker, const std::shared_ptr<const Pipeline>& pipeline);

  shell::OwnerStation& home_;
  const DataWorld world_;
  Mutex mutex_;
  CondVar turn_over_;
  std::list<WorkerPtr> workers_ GUARDED_BY(mutex_);  // but those apart
  std::map<const Pipeline*, Packed> packed_ GUARDED_BY(mutex_);
  std::uint64_t last_number_ GUARDED_BY(mutex_) = 0;  // of a pipeline
};

}  // namespace shoal::data
