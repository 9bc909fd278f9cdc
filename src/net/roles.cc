#include "net/roles.h"

#include <array>
#include <type_traits>
#include <utility>
#include <variant>

namespace shoal::net {
namespace {

template <class M, class... Of>
constexpr bool is_one_of = (std::is_same_v<M, Of> || ...);

/// Who may say M to whom: the conversations of the headers in src/wire, and nothing beside them.
template <class M>
consteval Route rule_of() {
  using namespace wire;
  constexpr Roles k_owner = Role::client | Role::worker;
  if constexpr (is_one_of<M, DefineTemplate, PushTask, RecallTasks, CancelTask, StreamCredit, CallActor, ResultHeld,
                          ItemHeld>) {
    return {k_owner, Role::worker};
  } else if constexpr (is_one_of<M, TaskDone, wire::TaskFailed, ReturnTasks, StreamItem, Retained>) {
    return {Role::worker, k_owner};
  } else if constexpr (is_one_of<M, BorrowAdd, BorrowAdded, BorrowDrop, FetchValue, ValueIs, ValueFailed>) {
    return {k_owner, k_owner};
  } else if constexpr (is_one_of<M, LeaseDemand, LeaseReturn, AskStore, ReleaseTicket, SealObject, ReturnExtent,
                                 RingSlot, GiveObject, DropObject>) {
    return {k_owner, Role::node};
  } else if constexpr (is_one_of<M, WorkerWaits, WorkerIsUp, WorkerStays>) {
    return {Role::worker, Role::node};
  } else if constexpr (is_one_of<M, LeaseGrant, LeaseRefused, LeaseRecall, LeaseLost, ProcessDied, StoreIs, ExtentIs,
                                 ForgetExtent, RecallExtent, ObjectPlaced, StoreAdmitted, StoreFailed>) {
    return {Role::node, k_owner};
  } else if constexpr (is_one_of<M, Welcome>) {
    return {Role::node, k_owner};
  } else if constexpr (is_one_of<M, HostActor, Retire, Stop>) {
    return {Role::node, Role::worker};
  } else if constexpr (is_one_of<M, Join>) {
    return {Role::client, Role::node};
  } else if constexpr (is_one_of<M, AskStatus>) {
    return {Role::tool, Role::node};
  } else if constexpr (is_one_of<M, StatusIs>) {
    return {Role::node, Role::tool};
  } else if constexpr (is_one_of<M, CreateActor, ActorReady, WatchActor, UnwatchActor, FindActor, KillActor,
                                 RegisterJob, AskCluster>) {
    return {k_owner, Role::control};
  } else if constexpr (is_one_of<M, ActorStarted, ActorEnded>) {
    return {Role::worker, Role::control};
  } else if constexpr (is_one_of<M, ActorNews, ActorNamed, FoundActor, ClusterIs>) {
    return {Role::control, k_owner};
  } else if constexpr (is_one_of<M, StartActor, StopActor>) {
    return {Role::control, Role::node};
  } else {
    static_assert(is_one_of<M, ActorPlaced, ActorLost, RegisterNode, NodeLoad>,
                  "a new message: say here who may say it to whom, and in roles_test.cc");
    return {Role::node, Role::control};
  }
}

template <std::size_t... Type>
consteval auto rules(std::index_sequence<Type...>) {
  return std::array{rule_of<std::variant_alternative_t<Type, wire::Message>>()...};
}

constexpr auto k_rules = rules(std::make_index_sequence<std::variant_size_v<wire::Message>>());

}  // namespace

bool may_say(Roles from, Roles to, std::size_t type) {
  return type < k_rules.size() && from.overlaps(k_rules[type].from) && to.overlaps(k_rules[type].to);
}

Route route_of(std::size_t type) { return k_rules.at(type); }

std::string to_string(Roles roles) {
  std::string text;
  const auto add = [&](Role role, const char* name) {
    if (!roles.overlaps(role)) return;
    if (!text.empty()) text += " and ";
    text += name;
  };
  add(Role::client, "client");
  add(Role::worker, "worker");
  add(Role::node, "node");
  add(Role::control, "control");
  add(Role::tool, "tool");
  return text.empty() ? "nothing" : text;
}

}  // namespace shoal::net
