#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/actors/player.h"

namespace shoal::sim::actors {

/// Under which actors were created, whoever did it.
using Names = std::vector<std::string>;

/// A driver: creates actors, finds those of others, calls, cancels, kills, lets go, and at its end lets go of all.
class Driver final : public Player {
 public:
  struct Options {
    ProcessId self;
    int actions = 30;
    std::int64_t cpus_max = 2;  ///< Of an actor.
    bool ends_all = false;      ///< A while after all others, what has a name.
  };
  /// The argument of a constructor is its actor's call retries and this.
  static constexpr std::int64_t k_number = 2;
  Driver(World& world, Ledger& ledger, Names& names, const Options& options);

  /// Every call is over, and it holds nothing.
  bool is_done() const { return ended_ && core_.holdings() == owner::Core::Holdings{}; }
  /// What it waits for, for people.
  std::string describe() const;

 private:
  void act(Time now) override;
  std::optional<Time> next_act() const override { return is_done() ? std::nullopt : std::optional(next_at_); }
  void go_on() override;
  void play();
  void create();
  void end();

  Names& names_;
  const Options options_;
  int actions_ = 0;
  bool ended_ = false;
  Time next_at_ = 1;
};

}  // namespace shoal::sim::actors
