#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "data/engine/embedded_core.h"

namespace shoal::data {

/// Parts of an embedded engine that only its own sources see.

struct EmbeddedCore::Actor {
  ActorId id{};
  std::shared_ptr<const Pipeline> pipeline;
  std::unique_ptr<WorkerState> state;
  bool up = false;
  bool busy = false;
  bool killed = false;
  std::deque<FragmentPtr> waiting;  // with credit, for their turn
};

struct EmbeddedCore::Fragment {
  enum class State : std::uint8_t {
    idle,       // new or parked
    preparing,  // starts its reads
    waiting,    // with credit, for its worker
    ready,      // ... for a CPU
    running,
    ending,  // a chore ends it
    ended,
  };

  Fragment(FragmentId name, std::unique_ptr<FragmentRun> run) : id(name), runner(std::move(run)) {}

  const FragmentId id;
  const std::unique_ptr<FragmentRun> runner;  // of the thread that runs or prepares the fragment
  Lane* lane = nullptr;                       // constant after submit, as the next
  LocalSession::Kind kind;
  ActorPtr actor;             // constant after submit, until the end
  State state = State::idle;  // guarded by the core's mutex, as all below
  std::int64_t credit = 0;
  bool prepare_pending = false;
};

/// Takes fragments of a lane.
class EmbeddedCore::LaneTask final : public LocalJob {
 public:
  LaneTask(std::shared_ptr<EmbeddedCore> core, Lane& lane) : core_(std::move(core)), lane_(lane) {}
  void run() override { core_->run_lane(lane_); }

 private:
  const std::shared_ptr<EmbeddedCore> core_;
  Lane& lane_;
};

/// Makes a worker.
class EmbeddedCore::ActorTask final : public LocalJob {
 public:
  ActorTask(std::shared_ptr<EmbeddedCore> core, ActorId id, ActorPtr actor)
      : core_(std::move(core)), id_(id), actor_(std::move(actor)) {}
  void run() override { core_->run_actor(id_, std::exchange(actor_, nullptr)); }

 private:
  const std::shared_ptr<EmbeddedCore> core_;
  const ActorId id_;
  ActorPtr actor_;
};

/// Does the chores that are there. It is counted when it is made.
class EmbeddedCore::ChoresJob final : public LocalJob {
 public:
  explicit ChoresJob(std::shared_ptr<EmbeddedCore> core) : core_(std::move(core)) {}
  void run() override { core_->job_over(); }

 private:
  const std::shared_ptr<EmbeddedCore> core_;
};

/// What the thread of a lane's task does next: while it is open, the first fragment of its lane that this thread makes
/// ready is kept for this very thread, which runs it without another task, or a switch.
class EmbeddedCore::Taker {
 public:
  Taker(const EmbeddedCore& core, const Lane& lane);
  ~Taker();
  Taker(const Taker&) = delete;
  Taker& operator=(const Taker&) = delete;

  /// Of the calling thread and of this core; null where that runs no task of a lane.
  static Taker* of_this_thread(const EmbeddedCore& core);
  /// False where it took none: the fragment is to wait in its lane.
  bool take(const FragmentPtr& fragment);
  FragmentPtr next() { return std::exchange(next_, nullptr); }
  /// Its time is not over: others have waited little for its CPU.
  bool may_go_on() const { return std::chrono::steady_clock::now() < until_; }

  /// Opens that of the calling thread, where there is one that may go on.
  class Opened {
   public:
    explicit Opened(const EmbeddedCore& core);
    ~Opened();
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;

   private:
    Taker* const taker_;
  };

 private:
  const EmbeddedCore& core_;
  const Lane& lane_;
  const std::chrono::steady_clock::time_point until_;
  FragmentPtr next_;
  bool is_open_ = false;
};

}  // namespace shoal::data
