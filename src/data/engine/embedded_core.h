#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/thread_safety.h"
#include "data/engine/block_table.h"
#include "data/engine/embedded_fragment.h"
#include "data/engine/engine.h"
#include "shell/worker_threads.h"

namespace shoal::data {

/// What the embedded engine and the jobs on its threads share. Fragments are idle (new or parked), queued, running or
/// ended; only running ones have a thread. Small duties that no fragment waits for (starting reads ahead, ending what
/// was cancelled, destroying workers) are chores, which threads do before and after the fragments they run.
class EmbeddedCore : public std::enable_shared_from_this<EmbeddedCore> {
 public:
  /// `threads` live until shut_down() has returned; a job may keep this object a moment longer.
  EmbeddedCore(shell::WorkerThreads& threads, const FragmentRunner::World& world) : threads_(threads), world_(world) {}

  /// As the calls of Engine with these names.
  void submit(FragmentSpec spec);
  void grant(FragmentId fragment, std::int64_t bytes);
  void cancel(FragmentId fragment);
  void create_actor(ActorId actor, std::shared_ptr<const Pipeline> pipeline);
  void kill_actor(ActorId actor);
  void poll(std::vector<EngineEvent>& into);
  void set_wakeup(std::function<void()> wakeup) { wakeup_ = std::move(wakeup); }

  /// Cancels everything, waits until no job of this engine runs, and drops all blocks. The last call.
  void shut_down();

  BlockTable& blocks() { return blocks_; }

 private:
  class ActorJob;
  class ChoresJob;
  class FragmentJob;
  using FragmentPtr = std::shared_ptr<FragmentJob>;
  using JobPtr = std::shared_ptr<shell::Job>;
  using Jobs = std::vector<JobPtr>;

  struct Actor {
    std::shared_ptr<const Pipeline> pipeline;
    std::unique_ptr<WorkerState> state;
    bool up = false;
    bool busy = false;
    bool killed = false;
    std::deque<FragmentPtr> waiting;  // with credit, for their turn
  };
  using ActorPtr = std::shared_ptr<Actor>;

  struct Chore {
    enum class Kind : std::uint8_t { prepare, end, destroy } kind;
    FragmentPtr fragment;  // prepare, end
    Status reason;         // end
    ActorPtr actor;        // destroy
  };

  JobPtr queue(const FragmentPtr& fragment) REQUIRES(mutex_);
  JobPtr add_chore(Chore chore) REQUIRES(mutex_);
  JobPtr cancel_locked(const FragmentPtr& fragment) REQUIRES(mutex_);
  JobPtr kill_locked(ActorId actor) REQUIRES(mutex_);
  JobPtr leave_actor(FragmentJob& fragment) REQUIRES(mutex_);
  void end_locked(FragmentJob& fragment, EngineEvent end) REQUIRES(mutex_);

  // Called without the mutex, on a worker thread.
  void run_fragment(const FragmentPtr& fragment);
  bool step(const FragmentPtr& fragment);
  /// `last_act`: the job does nothing after it, so that the thread may take the next fragment with it.
  void end(const FragmentPtr& fragment, EngineEvent event, bool last_act);
  void run_actor(ActorId id, ActorPtr actor);
  void do_chores(bool last_act);
  void prepare(const FragmentPtr& fragment);
  void job_over();

  void post(JobPtr job);
  void post_and_wake(JobPtr job, bool last_act);
  void wake() const {
    if (wakeup_) wakeup_();
  }

  shell::WorkerThreads& threads_;
  const FragmentRunner::World world_;
  std::function<void()> wakeup_;  // constant after set_wakeup
  BlockTable blocks_;             // synchronises itself

  Mutex mutex_;
  CondVar quiet_;
  std::unordered_map<std::uint64_t, FragmentPtr> fragments_ GUARDED_BY(mutex_);
  std::unordered_map<std::uint64_t, ActorPtr> actors_ GUARDED_BY(mutex_);
  std::vector<EngineEvent> events_ GUARDED_BY(mutex_);
  std::deque<Chore> chores_ GUARDED_BY(mutex_);
  int jobs_ GUARDED_BY(mutex_) = 0;  // posted and not over
};

}  // namespace shoal::data
