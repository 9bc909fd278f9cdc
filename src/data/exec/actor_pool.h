#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "data/exec/actions.h"

namespace shoal::data {

/// The workers of one operator that keep state. Says which exist and what they do; the executor makes and ends them.
class ActorPool {
 public:
  /// At least `min` workers while the operator has work, never more than `max`; `base` = max(min, 1) of them can
  /// always exist.
  ActorPool(std::uint32_t op, Pool limits) : op_(op), limits_(limits) {}

  /// A new worker, starting; `restarts` workers were lost in its place before. Precondition: size() < max().
  ActorId add(int restarts);
  /// The worker is ready. False: it is not one of ours any more.
  bool on_up(ActorId id, TimeNs now);
  /// The worker is lost. Its place is free; nullopt: it is not one of ours any more. Gives how often its place was
  /// refilled since it last finished a fragment.
  std::optional<int> on_down(ActorId id);

  /// Takes an idle worker for a fragment.
  std::optional<ActorId> acquire();
  /// The worker has ended its fragment; `well` clears its restarts. False: it is not one of ours any more.
  bool release(ActorId id, bool well, TimeNs now);
  /// Forgets a worker over the minimum that is idle since `before` or longer; nullopt if there is none.
  std::optional<ActorId> shrink(TimeNs before);
  /// Forgets a worker that runs no fragment; nullopt if there is none.
  std::optional<ActorId> take_unused();
  /// Since when the longest idle worker over the minimum is idle.
  std::optional<TimeNs> idle_since() const;

  int size() const { return size_; }
  int starting() const { return starting_; }
  int idle() const { return idle_; }
  int min() const { return limits_.min; }
  int max() const { return limits_.max; }
  int base() const { return limits_.min > 1 ? limits_.min : 1; }

  /// The operator whose pool the worker is of.
  static std::uint32_t op_of(ActorId id) { return static_cast<std::uint32_t>(static_cast<std::uint64_t>(id) >> 48); }

 private:
  enum class State : std::uint8_t { none, starting, idle, busy };
  struct Place {
    State state = State::none;
    std::uint32_t generation = 0;
    int restarts = 0;
    TimeNs idle_since = 0;
  };
  ActorId name(std::size_t at) const;
  Place* find(ActorId id);
  void set(Place& place, State state);

  const std::uint32_t op_;
  const Pool limits_;
  std::vector<Place> places_;
  int size_ = 0;
  int starting_ = 0;
  int idle_ = 0;
};

}  // namespace shoal::data
