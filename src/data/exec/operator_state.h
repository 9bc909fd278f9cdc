#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "data/exec/actor_pool.h"
#include "data/exec/fragment_table.h"
#include "data/exec/order.h"
#include "data/exec/slots.h"
#include "data/exec/wait_clock.h"
#include "data/exec/window.h"

namespace shoal::data {

/// What the executor knows of one operator of the plan. Plain data: the executor's files are its only users.
struct OperatorState {
  OperatorState(const PhysicalPlan& plan, std::uint32_t op);

  const PhysicalOperator& spec;
  const std::uint32_t index;
  const bool last;                   ///< Its output goes to the consumer.
  const std::int64_t working_bytes;  ///< Of one fragment, while it is with the engine.
  const int at_once;                 ///< Fragments with credit at most.
  const SlotUnits cpus, gpus;        ///< Of one fragment with credit, or of one worker for `gpus` of a pool.

  ReorderBuffer order;
  WindowCutter window;
  std::optional<ActorPool> pool;

  std::deque<Block> queue;        ///< Ordered output that waits for the next operator or the consumer.
  std::int64_t unfreed = 0;       ///< Blocks in `queue`, and of those the inputs of the next operator's fragments.
  std::int64_t next_ordinal = 0;  ///< Of the next fragment.
  std::int64_t live = 0;          ///< Fragments that are not over, cancelled ones included.
  std::int64_t closing = 0;       ///< Of those the cancelled ones.
  int running = 0;                ///< Fragments with credit.
  int unstarted = 0;              ///< Fragments with the engine that had no credit yet.
  bool complete = false;          ///< No block will join `queue` any more.
  FragmentQueue ready;            ///< Fragments that could use credit.
  FragmentQueue again;            ///< Fragments whose next attempt is not with the engine yet.
  int again_count = 0;

  WaitClock waits;
  OperatorReport report;

  /// Blocks made or being made that no later operator has taken.
  std::int64_t waiting_blocks() const { return order.held() + static_cast<std::int64_t>(queue.size()) + running; }
  /// Whether `ordinal` is the fragment that the output waits for while all earlier output is used up: such a fragment
  /// may have one block whatever the budget says, so that every run goes on.
  bool is_needed(std::int64_t ordinal) const {
    return unfreed == 0 && (order.ordered() ? ordinal == order.head() : running == 0);
  }
};

}  // namespace shoal::data
