#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "api/local_session.h"
#include "base/thread_safety.h"
#include "data/engine/block_table.h"
#include "data/engine/embedded_fragment.h"
#include "data/engine/engine.h"

namespace shoal::data {

class WorkerProcesses;

/// What the embedded engine and its tasks share. A fragment with credit waits in the *lane* of those that need as many CPUs
/// for a task of the session, which runs what it finds there: for each that waits a task is submitted, which stays for
/// others of its lane for a while and goes by their names, as a task costs more than most blocks. Small duties (starting reads ahead, ending what was cancelled,
/// destroying workers) are chores: tasks do them before and after fragments, or threads of no task, so that no end waits for
/// a CPU.
class EmbeddedCore : public std::enable_shared_from_this<EmbeddedCore> {
 public:
  /// `processes`: where pipelines run that ask for processes; null = there are none.
  EmbeddedCore(const FragmentRunner::World& world, std::shared_ptr<WorkerProcesses> processes)
      : world_(world), processes_(std::move(processes)) {}
  /// Before all other calls. `session` lives until shut_down() has returned.
  void begin(LocalSession& session) { session_ = &session; }

  /// As the calls of Engine with these names.
  void submit(FragmentSpec spec);
  void grant(FragmentId fragment, std::int64_t bytes);
  void cancel(FragmentId fragment);
  void create_actor(ActorId actor, std::shared_ptr<const Pipeline> pipeline);
  void kill_actor(ActorId actor);
  void poll(std::vector<EngineEvent>& into);
  void set_wakeup(std::function<void()> wakeup) { wakeup_ = std::move(wakeup); }

  /// The session runs nothing more: all fragments end, with this cause, and so does what is submitted from now on.
  void lose_session(const Status& why);
  /// Cancels everything, waits until nothing of this engine runs, and drops all blocks. The last call.
  void shut_down();

  BlockTable& blocks() { return blocks_; }

 private:
  struct Actor;
  struct Fragment;
  class ActorTask;
  class ChoresJob;
  class LaneTask;
  class Taker;
  using ActorPtr = std::shared_ptr<Actor>;
  using FragmentPtr = std::shared_ptr<Fragment>;

  /// Fragments of equal CPUs that wait for them, and the tasks that were submitted for them.
  struct Lane {
    std::deque<FragmentPtr> ready;
    std::size_t tasks = 0;  // that have not begun; at least as many as are ready
  };

  struct Chore {
    enum class Kind : std::uint8_t { prepare, end, destroy, down } kind;
    FragmentPtr fragment{};  // prepare, end
    Status reason{};         // end, down
    ActorPtr actor{};        // destroy
    ActorId id{};            // down
  };

  /// What is to be started once the mutex is free: a task, or with no kind a job of no task.
  struct Start {
    std::shared_ptr<LocalJob> job;
    LocalSession::Kind kind;
  };
  using Starts = std::vector<Start>;

  Result<std::unique_ptr<FragmentRun>> open(const FragmentSpec& spec, std::vector<Rows> inputs) const;
  Result<std::unique_ptr<WorkerState>> make_state(const std::shared_ptr<const Pipeline>& pipeline) const;
  FragmentPtr take_ready(Lane& lane) REQUIRES(mutex_);
  // These add what is to be started to `todo`.
  void queue(const FragmentPtr& fragment, Starts& todo) REQUIRES(mutex_);
  void queue_next(Actor& actor, Starts& todo) REQUIRES(mutex_);
  void leave_actor(Fragment& fragment, Starts& todo) REQUIRES(mutex_);
  void add_chore(Chore chore, Starts& todo) REQUIRES(mutex_);
  void end_soon(const FragmentPtr& fragment, const Status& reason, Starts& todo) REQUIRES(mutex_);
  void cancel(const FragmentPtr& fragment, Starts& todo) REQUIRES(mutex_);
  void kill(ActorId actor, Starts& todo) REQUIRES(mutex_);
  void lose_actor(const Actor& actor, const Status& cause);
  void note_end(Fragment& fragment, EngineEvent end) REQUIRES(mutex_);
  Status cancelled_status() const REQUIRES(mutex_);

  // Called without the mutex, on a thread of the session or its pool.
  void run_lane(Lane& lane);
  bool step(const FragmentPtr& fragment);
  /// `last_act`: this thread does no more for the fragment, and may take the next one of its lane.
  void end(const FragmentPtr& fragment, EngineEvent event, bool last_act);
  void run_actor(ActorId id, ActorPtr actor);
  void do_chores();
  void prepare(const FragmentPtr& fragment);
  void job_over();

  void start(Starts& todo);
  void wake() const {
    if (wakeup_) wakeup_();
  }

  const FragmentRunner::World world_;
  const std::shared_ptr<WorkerProcesses> processes_;
  LocalSession* session_ = nullptr;  // constant after begin()
  std::function<void()> wakeup_;     // constant after set_wakeup()
  BlockTable blocks_;                // synchronises itself

  Mutex mutex_;
  CondVar quiet_;
  std::unordered_map<std::uint64_t, FragmentPtr> fragments_ GUARDED_BY(mutex_);
  std::unordered_map<std::uint64_t, ActorPtr> actors_ GUARDED_BY(mutex_);
  std::map<double, Lane> lanes_ GUARDED_BY(mutex_);  // by CPUs
  std::vector<EngineEvent> events_ GUARDED_BY(mutex_);
  std::deque<Chore> chores_ GUARDED_BY(mutex_);
  Status lost_ GUARDED_BY(mutex_);   // why the session runs nothing more
  int jobs_ GUARDED_BY(mutex_) = 0;  // tasks that run, and jobs of no task
};

}  // namespace shoal::data
