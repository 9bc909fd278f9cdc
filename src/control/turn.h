#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/actor_life.h"
#include "control/awaited.h"
#include "control/graves.h"
#include "control/limits.h"
#include "control/loads.h"
#include "control/table/truth.h"
#include "control/watches.h"
#include "wire/message.h"

namespace shoal::control {

/// Everything the control service knows.
struct State {
  Truth truth;
  // No truth: lost with the process, and said again by those it is about.
  Watches watches;
  Awaited awaited;
  Loads loads;
  Graves graves;
  // On their way out.
  std::vector<Change> changes;  ///< Where they are kept.
  std::vector<wire::Envelope> messages;
  // Constant.
  bool keep_changes = false;
  std::size_t dead_actors_max = k_dead_actors_max;
};

/// What one operation works with, for the time of one input. It may read all, but changes the truth by recording a change
/// only, and an actor's life by a step only. News of an actor goes out at the end, once, and if there is any.
class Turn {
 public:
  explicit Turn(State& state) : state_(state) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  const Truth& truth() const { return state_.truth; }
  const Watches& watches() const { return state_.watches; }
  Awaited& awaited() { return state_.awaited; }
  Loads& loads() { return state_.loads; }

  void record(Change change);
  void send(ProcessId to, wire::Message message);

  /// Adds an actor, to be placed by place() where it is in that stage, or ended by step().
  void register_actor(const ActorId& actor, wire::ActorSpecPtr spec, Stage stage);
  /// Has the actor live on as a rule says, and does what follows: stop, start, free the name. Nothing = the rule did not
  /// apply.
  void step(const ActorId& actor, const std::optional<LifeStep>& step);
  /// Asks a node to host an actor that is to be placed, or lets it die where none ever can.
  void place(const ActorId& actor);
  /// Tells one process what is known of the actor now. Precondition: it is not forgotten.
  void tell(ProcessId watcher, const ActorId& actor);
  /// Tells those who watch an actor that does not exist, and takes them off it.
  void tell_unknown(const ActorId& actor);
  /// From now on the process hears of the actor, whether that is there or not.
  void watch(const ActorId& actor, ProcessId watcher);
  void unwatch(const ActorId& actor, ProcessId watcher);
  void unwatch_all(ProcessId watcher);

  /// Once, after the operation: news to the watchers, in the order of actors and then of processes.
  void end();

 private:
  /// It may have changed: news, or whether it may be forgotten.
  void note(const ActorId& actor);
  void after_unwatch(const ActorId& actor);

  State& state_;
  std::map<ActorId, std::optional<wire::ActorNews>> before_;  // of those that may have changed
};

}  // namespace shoal::control
