#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "owner/actor_calls.h"
#include "sim/actors/ledger.h"
#include "sim/world/process.h"
#include "sim/world/world.h"

namespace shoal::sim::actors {

/// Actors whose handles went round, whoever created them.
using Handles = std::vector<ActorId>;

/// A driver: creates actors, hands their handles on, calls its own and those of others, kills some, and at its end all that
/// it created.
class Caller final : public Process {
 public:
  struct Options {
    ProcessId self;
    int actions = 30;
    std::int64_t cpus_max = 2;  ///< Of an actor.
    bool ends_all = false;      ///< A while after all others, what anybody created.
  };
  Caller(World& world, Ledger& ledger, Handles& handles, const Options& options);

  /// Every call is over, and what it created is killed.
  bool is_done() const { return ended_ && open_.empty(); }
  /// What it made, and a call it waits for, for people.
  std::string describe() const;

  void on_message(ProcessId from, wire::Message message) override;
  void on_process_died(ProcessId process, const std::string& cause) override;
  void on_time(Time now) override;
  std::optional<Time> next_time() const override;
  void take_messages(std::vector<wire::Envelope>& into) override;

 private:
  void act();
  void create();
  void call(const ActorId& actor);
  void make_ready();
  void end();
  void settle();
  void over(std::uint64_t n, bool failed);
  void lost(const ActorId& actor, const wire::Failure& failure);
  void say(ProcessId to, wire::Message message) { out_.push_back({to, std::move(message)}); }

  World& world_;
  Ledger& ledger_;
  Handles& handles_;
  const Options options_;
  int actions_ = 0;
  bool ended_ = false;
  Time next_at_ = 0;
  std::uint64_t numbers_ = 0;
  std::vector<ActorId> created_;
  std::set<ProcessId> dead_;
  std::map<ActorId, std::unique_ptr<owner::ActorCalls>> actors_;
  std::map<std::uint64_t, ActorId> open_;  // calls that are not over
  std::map<std::uint64_t, ActorId> not_ready_;
  std::map<ActorId, wire::ActorNews> news_;                      // the last
  std::map<std::pair<ActorId, ProcessId>, std::uint32_t> lost_;  // calls that failed with that process
  std::vector<owner::ActorCalls::Action> actions_taken_;
  std::vector<wire::Envelope> out_;
};

}  // namespace shoal::sim::actors
