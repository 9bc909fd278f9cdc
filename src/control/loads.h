#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "control/table/actors.h"
#include "control/table/truth.h"
#include "wire/resources.h"
#include "wire/task.h"

namespace shoal::control {

/// What nodes could still give, as far as is known here: their last word, less what they were asked to host since and
/// have not answered. Else many actors that are created at once would all go to the node that was the emptiest. No truth:
/// it is a little late by nature, and nodes say it again.
class Loads {
 public:
  void report(std::uint32_t node, wire::Resources available) { reported_[node] = std::move(available); }
  void forget(std::uint32_t node) { reported_.erase(node); }
  /// An actor's life changed.
  void follow(const wire::ActorSpec& spec, const ActorLife& before, const ActorLife& after);

  /// The node's last word; all it has where it said nothing yet.
  const wire::Resources& reported(std::uint32_t node, const NodeRecord& record) const;
  wire::Resources available(std::uint32_t node, const NodeRecord& record) const;
  /// How many actors of this constructor the node hosts or was asked to.
  std::uint32_t of_kind(std::uint32_t node, const wire::FunctionId& constructor) const;
  /// How many sums are kept; 0 when no node hosts an actor.
  std::size_t size() const { return promised_.size() + of_kind_.size(); }

 private:
  void count(const wire::ActorSpec& spec, const ActorLife& life);
  void discount(const wire::ActorSpec& spec, const ActorLife& life);

  /// The sum of what was asked of a node and not answered.
  struct Promise {
    std::uint32_t actors = 0;
    wire::Resources sum;
  };
  std::map<std::uint32_t, wire::Resources> reported_;
  std::map<std::uint32_t, Promise> promised_;                                    // never of no actors
  std::map<std::pair<std::uint32_t, wire::FunctionId>, std::uint32_t> of_kind_;  // never 0
};

}  // namespace shoal::control
