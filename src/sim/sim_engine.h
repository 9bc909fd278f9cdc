#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <stop_token>
#include <string>
#include <vector>

#include "data/engine/engine.h"
#include "sim/random.h"

namespace shoal::sim {

/// What goes wrong in a simulated engine, in percent of the occasions.
struct Faults {
  int slow_percent = 0;        ///< Turns that take a thousand times longer.
  int lost_percent = 0;        ///< Turns at which the fragment's worker is lost.
  int lost_actor_percent = 0;  ///< Workers of pools that are lost while they start.
  int pressure_percent = 0;    ///< Blocks that report far more bytes than they have.
  bool bounded = true;         ///< No fragment, and no pool, loses more than k_system_retries workers.
};

/// How often each fault really happened.
struct FaultCounts {
  int slow = 0;
  int lost = 0;
  int lost_actors = 0;
  int pressure = 0;
};

/// An engine in virtual time: fragments run the library's own pipelines in this thread, one block a turn, and each
/// turn takes a random time. The same seed gives the same events. One thread.
class SimEngine final : public data::Engine {
 public:
  using Time = std::int64_t;

  SimEngine(std::uint64_t seed, const Faults& faults, data::Resources resources);
  ~SimEngine() override;

  data::Capabilities capabilities() const override { return {.isolates_workers = false, .virtual_time = true}; }
  data::Resources total_resources() const override { return resources_; }
  void submit(data::FragmentSpec spec) override;
  void grant(data::FragmentId fragment, std::int64_t bytes) override;
  void cancel(data::FragmentId fragment) override;
  void create_actor(data::ActorId actor, std::shared_ptr<const data::Pipeline> pipeline) override;
  void kill_actor(data::ActorId actor) override;
  void poll(std::vector<data::EngineEvent>& into) override;
  void set_wakeup(std::function<void()> wakeup) override { wakeup_ = std::move(wakeup); }
  data::BlockInfo put(data::Rows rows) override;
  Result<data::Rows> get(data::BlockId block) override;
  void drop(data::BlockId block) override;
  std::vector<std::string> locate(data::BlockId block) const override;

  /// Time has passed outside of the engine: of the consumer, or of a timer.
  void advance(Time now) { now_ = std::max(now_, now); }
  /// When the next turn ends; nullopt if nothing runs.
  std::optional<Time> next_turn() const;
  /// Ends the earliest turn: its events can be polled then. Precondition: next_turn().
  void run_turn();

  std::size_t blocks_held() const { return blocks_.size(); }
  std::size_t fragments_live() const { return fragments_.size(); }
  std::size_t actors_live() const { return actors_.size(); }
  const FaultCounts& fault_counts() const { return counts_; }

 private:
  struct Actor {
    std::shared_ptr<const data::Pipeline> pipeline;
    std::unique_ptr<data::WorkerState> state;
    bool killed = false;
  };
  struct Fragment {
    data::FragmentSpec spec;
    std::vector<data::Rows> inputs;
    data::StepContext context;
    data::StepCounters counters;
    std::stop_source stop;
    std::shared_ptr<Actor> actor;  // null without one
    std::unique_ptr<data::Stream> stream;
    std::int64_t to_skip = 0;
    std::int64_t credit = 0;
    bool in_turn = false;
  };
  struct Turn {
    Time time;
    std::uint64_t sequence;
    std::optional<data::FragmentId> fragment;
    std::optional<data::ActorId> actor;
    bool operator>(const Turn& other) const {
      return time != other.time ? time > other.time : sequence > other.sequence;
    }
  };

  Time duration();
  void begin_turn(Fragment& fragment);
  void end_fragment_turn(Fragment& fragment);
  Result<data::Rows> next_rows(Fragment& fragment);
  void end_actor_start(data::ActorId id);
  void lose(Fragment& fragment);
  bool may_lose(const std::string& label, std::int64_t ordinal);
  void end(data::FragmentId id, data::EngineEvent event);
  void push(data::EngineEvent event);

  Random random_;
  const Faults faults_;
  const data::Resources resources_;
  std::function<void()> wakeup_;
  Time now_ = 0;
  std::uint64_t next_sequence_ = 0;
  std::uint64_t next_block_ = 1;
  std::map<data::FragmentId, Fragment> fragments_;
  std::optional<data::FragmentId> running_;  // while its code runs
  std::map<data::ActorId, std::shared_ptr<Actor>> actors_;
  std::map<data::BlockId, data::Rows> blocks_;
  std::map<std::pair<std::string, std::int64_t>, int> losses_;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns_;
  std::vector<data::EngineEvent> events_;
  FaultCounts counts_;
};

}  // namespace shoal::sim
