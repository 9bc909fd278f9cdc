#pragma once

#include <shoal/base/ids.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/slab.h"
#include "owner/actor.h"
#include "owner/actor_calls.h"
#include "owner/leases.h"
#include "owner/objects.h"
#include "owner/outbox.h"
#include "owner/task.h"

namespace shoal::owner {

/// An actor as its creator describes it.
struct ActorRequest {
  wire::ActorSpec spec;            ///< The refs() of its arguments are references that this process holds.
  std::vector<Object*> resolve{};  ///< References whose values are arguments, in order; they become spec.resolved.
};

/// The actors that this process created, or calls, or looks for: the conversation with the control service about them, and
/// which of their calls are sent. What happens to calls as tasks is Tasks' business.
///
/// There is a record of an actor while an object stands for it here that this process made or called, and while its
/// arguments are kept; it is watched until it is dead. Several objects can stand for one actor, since get_if_exists gives
/// objects of their own: then the calls of each have their order.
class Actors {
 public:
  Actors(ProcessId self, Objects& objects, Leases& leases, Outbox& out)
      : self_(self), objects_(objects), leases_(leases), out_(out) {}
  ~Actors();
  Actors(const Actors&) = delete;
  Actors& operator=(const Actors&) = delete;

  /// The object that stands for it, with one handle. `n` is its number.
  Object* create(ActorRequest request, std::uint64_t n);
  /// An object that will contain a reference to it, with one handle.
  Object* find(std::string name, std::uint64_t n);
  void kill(Object& object, bool restart, std::string cause);
  /// The record of the actor that the object stands for, made where there is none.
  Actor& of(Object& object);

  // Calls, in the order in which they are made.

  /// It pins the actor's object until it is over.
  void add(Task& call);
  /// Its arguments are there.
  void ready(Task& call);
  /// Takes it out. Precondition: it was not sent.
  void withdraw(Task& call);
  /// Its answer came. Precondition: it was sent.
  void ended(Task& call);
  void unpin(Task& call);

  /// All arguments of its constructor are there.
  void unblock(Actor& actor);
  /// Its object is gone.
  void let_go(Actor& actor);

  void on(ProcessId from, const wire::ActorNews& news);
  void on(ProcessId from, const wire::FoundActor& found);
  /// Any process.
  void on_process_died(ProcessId process, const std::string& cause);

  /// Processes that have calls.
  void add_hosts(std::set<ProcessId>& hosts) const;
  /// Nothing will be heard of any actor. Precondition: no call is open.
  void close();

  /// A call that will have no result.
  struct Lost {
    Task* call = nullptr;
    wire::FailurePtr failure;  ///< Null where it was cancelled, so that nobody asks.
  };
  void take_lost(std::vector<Lost>& into) { into.clear(), into.swap(lost_); }
  std::size_t size() const { return slab_.size() + finding_.size(); }

 private:
  Actor& make(Object& object, const ActorId& id);
  void destroy(Actor& actor);
  void forget(Actor& actor);
  void begin(Actor& actor);
  void watch(Actor& actor);
  void unwatch(Actor& actor);
  void perform(Actor& actor);
  void send(Actor& actor, const ActorCalls::Send& what);
  void lose(Actor& actor, Task& call, wire::FailurePtr failure);
  void die(Actor& actor, const wire::FailurePtr& failure);
  void let_go_of_arguments(Actor& actor);
  void turn_to(Actor& actor, const ActorId& instead);
  void lose_process(Actor& actor, ProcessId process, const std::string& cause);

  const ProcessId self_;
  Objects& objects_;
  Leases& leases_;
  Outbox& out_;
  Slab<Actor> slab_;
  std::multimap<ActorId, Actor*> actors_;
  struct Finding {
    Object* object = nullptr;  // pinned
    std::string name{};
  };
  std::map<std::uint64_t, Finding> finding_;  // by request
  std::vector<ActorCalls::Action> actions_;   // scratch of perform()
  std::vector<Lost> lost_;
};

}  // namespace shoal::owner
