#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "sched/resources.h"
#include "wire/task.h"

namespace shoal::sched {

/// A node as whoever places sees it; it may be a little late. A view of records that live elsewhere.
struct NodeView {
  std::uint32_t node = 0;
  const Resources* total = nullptr;
  const Resources* available = nullptr;
  std::uint32_t of_kind = 0;  ///< How many of the demand's kind it has already; `spread` takes the node with the least.
};

/// Where a demand goes.
struct Placement {
  enum class Outcome : std::uint8_t {
    now,         ///< `node` has room.
    later,       ///< `node` is the best to wait at; none that may take it has room.
    infeasible,  ///< No node that may take it is large enough. `text` says what comes nearest.
  };
  Outcome outcome = Outcome::infeasible;
  std::uint32_t node = 0;
  std::string text;
};

/// Chooses a node. Deterministic: what is equal otherwise is decided by the lower number. O(nodes).
/// - pack: the asker's node if it has room; else, of those with room, the one that is used most.
/// - spread: of those with room, the one with the least of the kind, then the one that is used least.
/// - affinity: that node and no other. With `soft` any, as pack, where that node is not there or too small for ever; it
///   is waited for while it is merely full.
/// Where none has room, the same order among those that are large enough. "Used" is the largest used part of one of the
/// resources. Whether GPU fractions fit together is the node's to know: it may let wait what was placed `now`.
Placement place(const Resources& demand, const wire::Strategy& strategy, std::uint32_t asker,
                std::span<const NodeView> nodes);

/// Why no single one of the nodes can ever serve the demand, with what comes nearest ("wants 4 GPU; the largest node has
/// 2"); nothing where one can.
std::optional<std::string> infeasible(const Resources& demand, std::span<const NodeView> nodes);

}  // namespace shoal::sched
