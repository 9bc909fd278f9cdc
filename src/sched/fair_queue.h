#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "sched/resources.h"

namespace shoal::sched {

/// Names a flow within its queue; never used again.
enum class FlowId : std::uint64_t {};

/// Who is next for what a machine has: flows (an owner's tasks of one kind) that each want more of the same thing, again
/// and again. In this order:
/// 1. the higher priority;
/// 2. whoever holds less: a flow below its share goes before one above it;
/// 3. whoever was served less since it began to wait, by what it took (deficit round robin, kept as a clock for each flow
///    instead of a deficit for each round: the same shares in O(log n)); a flow that was away gets no credit for that;
/// 4. whoever was served, or came, longest ago.
/// What a flow takes is measured by its dominant share of the machine, so that flows of unlike sizes get equal parts of it.
///
/// Flows that want equal resources stand in one line: where the first does not fit the others are not looked at. So
/// next() is O(unequal resources that are waited for), all else O(log n). No order of hashes or addresses shows.
class FairQueue {
 public:
  explicit FairQueue(Resources total) : total_(std::move(total)) {}
  FairQueue(const FairQueue&) = delete;
  FairQueue& operator=(const FairQueue&) = delete;

  /// A flow that does not wait yet. `each` is normalised.
  FlowId add(std::int32_t priority, Resources each);
  void remove(FlowId flow);

  /// Whether it wants one more. Setting what is already so changes nothing.
  void set_waits(FlowId flow, bool waits);
  /// It took one, or gave one back.
  void took(FlowId flow);
  void gave_back(FlowId flow);

  /// The first flow that waits and whose resources and priority `may` accepts. What it refuses at one priority it refuses
  /// at all lower ones.
  std::optional<FlowId> next(const std::function<bool(const Resources&, std::int32_t priority)>& may) const;

  /// What it holds now: dominant shares in millionths.
  std::int64_t held(FlowId flow) const { return flows_.at(flow).held; }
  /// What one of it costs, likewise.
  std::int64_t cost(FlowId flow) const { return flows_.at(flow).cost; }
  const Resources& each(FlowId flow) const { return flows_.at(flow).each; }
  bool empty() const { return flows_.empty(); }

 private:
  struct Place {
    std::int64_t priority_below = 0;  ///< The priority with its sign turned: lower comes first.
    std::int64_t held = 0;
    std::int64_t clock = 0;
    std::uint64_t turn = 0;
    FlowId flow{};
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  struct Flow {
    std::int32_t priority = 0;
    Resources each;
    std::int64_t cost = 0;
    std::int64_t held = 0;
    std::int64_t clock = 0;  ///< What it was served, on the queue's clock.
    std::uint64_t turn = 0;
    bool waits = false;
  };
  static Place place_of(FlowId id, const Flow& flow) {
    return {-std::int64_t{flow.priority}, flow.held, flow.clock, flow.turn, id};
  }
  void enter(FlowId id, const Flow& flow);
  void leave(FlowId id, const Flow& flow);

  const Resources total_;
  std::unordered_map<FlowId, Flow> flows_;            // found by id only, never walked
  std::map<Resources, std::set<Place>, Less> lines_;  // of those that wait; no empty line
  std::uint64_t ids_ = 0, turns_ = 0;
  std::int64_t clock_ = 0;  // where the flow that was served last stood
};

}  // namespace shoal::sched
