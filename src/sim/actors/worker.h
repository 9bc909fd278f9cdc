#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/actors/player.h"

namespace shoal::sim::actors {

/// A worker that hosts an actor when its daemon says so. Its calls take a while, and call others; now and then one fails,
/// waits, ends the actor or crashes.
class Worker final : public Player {
 public:
  using Player::Player;

  bool is_idle() const {
    return running_.empty() && !core_.hosts_actor() && core_.holdings() == owner::Core::Holdings{};
  }

 private:
  struct Running {
    owner::Execution execution;
    Time done_at = 0;
    bool waits = false;
    std::vector<owner::Object*> opened;
  };

  void act(Time now) override;
  bool is_calm() const;
  std::optional<Time> next_act() const override;
  void go_on() override;
  void says(const wire::Message& message) override;
  void check(const owner::Execution& execution);
  void begin(owner::Execution execution);
  void end(Running running);
  void end_well(owner::Execution execution);
  void end_badly(owner::Execution execution);

  ActorId actor_;
  std::uint32_t incarnation_ = 0;
  bool is_crashing_ = false;
  std::vector<Running> running_;
  std::vector<TaskId> exits_;  // calls in which the actor ended itself
};

}  // namespace shoal::sim::actors
