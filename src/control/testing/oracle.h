#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/core.h"
#include "wire/message.h"

namespace shoal::control {

/// What must hold of the control service after each input, told in another way than the service decides it: an actor's
/// incarnation is one more than the processes that it lost, and what is to be placed is looked at as a whole.
class Oracle {
 public:
  /// Once for each input, before and after it. `told` takes what the service sent.
  void hear(ProcessId from, const wire::Message& message);
  void hear_death(ProcessId process);
  void told(const std::vector<wire::Envelope>& sent);
  /// The first broken promise; empty = none.
  std::string check(const Core& core);

  bool is_dead(const ActorId& actor) const { return actors_.at(actor).dead; }
  const std::set<std::uint32_t>& nodes() const { return nodes_; }

 private:
  struct Actor {
    wire::ActorSpecPtr spec;
    bool dead = false;
    std::uint32_t lost = 0;      // processes, or the hope of one
    std::uint32_t asked = 0;     // the last incarnation that a node was asked to host
    std::uint32_t node = 0;      // of `asked`
    ProcessId process;           // of `asked`, once heard
    bool started = false;        // `asked` is
    bool waits_for_end = false;  // of `asked`, which was lost on demand
    std::uint32_t current() const { return lost + 1; }
    bool runs() const { return !dead && !waits_for_end && asked == current(); }
  };

  void hear_one(ProcessId from, const wire::CreateActor& message);
  void hear_one(ProcessId from, const wire::WatchActor& message);
  void hear_one(ProcessId from, const wire::UnwatchActor& message);
  void hear_one(ProcessId from, const wire::FindActor& message);
  void hear_one(ProcessId from, const wire::KillActor& message);
  void hear_one(ProcessId from, const wire::ActorPlaced& message);
  void hear_one(ProcessId from, const wire::ActorStarted& message);
  void hear_one(ProcessId from, const wire::ActorEnded& message);
  void hear_one(ProcessId from, const wire::ActorLost& message);
  void hear_one(ProcessId from, const wire::RegisterNode& message);
  template <class Other>
  void hear_one(ProcessId, const Other&) {}
  void see(ProcessId to, const wire::StartActor& message);
  void see(ProcessId to, const wire::StopActor& message);
  void see(ProcessId to, const wire::ActorNews& message);
  void see(ProcessId to, const wire::ActorNamed& message);
  void see(ProcessId to, const wire::FoundActor& message);
  template <class Other>
  void see(ProcessId, const Other&) {
    fail("a message that the control service does not send");
  }

  void lose(Actor& actor, bool on_demand);
  void die(const ActorId& id);
  void process_gone(ProcessId process);
  std::string check_actor(const ActorId& id, const Actor& actor, const Core& core) const;
  void fail(const std::string& what) {
    if (failure_.empty()) failure_ = what;
  }

  std::map<ActorId, Actor> actors_;
  std::map<std::string, ActorId> names_;
  std::set<std::uint32_t> nodes_;
  std::map<std::uint32_t, std::int64_t> cpu_of_;
  std::set<ActorId> killed_ahead_;
  std::map<ProcessId, std::map<ActorId, std::optional<wire::ActorNews>>> watchers_;  // and what they heard last
  std::optional<wire::ActorNamed> expect_named_;
  std::optional<wire::FoundActor> expect_found_;
  std::string failure_;
};

}  // namespace shoal::control
