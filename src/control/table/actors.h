#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "wire/actor.h"

namespace shoal::control {

/// Where an actor is in its life; wire::ActorPhase is what others are told of it (actor_life.h).
enum class Stage : std::uint8_t {
  registered,  ///< Its creator does not have all its arguments yet.
  placing,     ///< No node has been asked to host `incarnation`; none is there.
  starting,    ///< `node` has been asked.
  alive,       ///< Its constructor has run, in `process`.
  stopping,    ///< `node` has been asked to stop the incarnation before, whose end `incarnation` waits for.
  dead,
};

/// What changes of an actor.
struct ActorLife {
  Stage stage = Stage::placing;
  std::uint32_t incarnation = 1;   ///< The one that lives or is to come.
  std::uint32_t node = 0;          ///< While starting, alive and stopping.
  ProcessId process;               ///< On `node`, as soon as it is known; else k_control.
  std::int32_t restarts_left = 0;  ///< -1 = always.
  wire::FailurePtr death;          ///< Of Stage::dead.
  ActorId instead;                 ///< Likewise, where another has the name that get_if_exists asked for; else nobody.
  friend bool operator==(const ActorLife&, const ActorLife&) = default;
};

/// One actor.
struct ActorRecord {
  wire::ActorSpecPtr spec;  ///< Null once it is dead: arguments may be large.
  std::string name;         ///< Empty = none.
  std::int32_t call_retries = 0;
  std::uint32_t threads = 1;
  ActorLife life;
  friend bool operator==(const ActorRecord&, const ActorRecord&) = default;
};

/// All actors that are not forgotten. Changes by Truth::apply() alone.
class Actors {
 public:
  const ActorRecord* find(const ActorId& actor) const;
  const std::map<ActorId, ActorRecord>& all() const { return records_; }
  /// Those in Stage::placing, those that `node` hosts, starts or stops, and those of a creator; each in the order of ids.
  std::vector<ActorId> unplaced() const { return {unplaced_.begin(), unplaced_.end()}; }
  std::vector<ActorId> on_node(std::uint32_t node) const;
  std::vector<ActorId> created_by(ProcessId creator) const;
  /// Whether the creator, which numbers its actors upwards, created this one or a later one, or is gone.
  bool was_created(const ActorId& actor) const;
  std::set<ProcessId> creators_on(std::uint32_t node) const;
  /// One that is not gone.
  bool is_creator(ProcessId process) const;
  /// In the order in which they went.
  const std::deque<ProcessId>& gone_creators() const { return gone_creators_; }

  void add(const ActorId& actor, wire::ActorSpecPtr spec, Stage stage);
  /// Precondition: it is registered.
  void complete(const ActorId& actor, wire::ActorSpecPtr spec);
  /// Preconditions: it is there and not dead.
  void change(const ActorId& actor, const ActorLife& life);
  void forget(const ActorId& actor);
  /// It creates no more.
  void lose_creator(ProcessId process);
  void forget_oldest_gone_creator();

  friend bool operator==(const Actors&, const Actors&) = default;

 private:
  void index(const ActorId& actor, const ActorLife& life);
  void unindex(const ActorId& actor, const ActorLife& life);

  std::map<ActorId, ActorRecord> records_;
  std::map<ProcessId, std::uint64_t> created_up_to_;  // k_all once it is gone
  std::deque<ProcessId> gone_creators_;
  // What follows from the records.
  std::set<ActorId> unplaced_;
  std::set<std::pair<std::uint32_t, ActorId>> by_node_;
};

}  // namespace shoal::control
