#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "base/status.h"
#include "data/engine/engine.h"
#include "data/exec/run.h"

namespace shoal::data {

/// Nanoseconds on the driver's clock; only differences matter.
using TimeNs = std::int64_t;

/// A block on its way between operators: the rows of it that count, and the bytes that it pins.
struct Block {
  BlockId id{};
  std::int64_t offset = 0;
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  friend bool operator==(const Block&, const Block&) = default;
};

/// What the executor asks of its driver, in this order. All but the last three are calls of the engine.
// clang-format off
struct SubmitFragment { FragmentSpec spec; };
struct GrantCredit { FragmentId fragment{}; std::int64_t bytes = 0; };
struct CancelFragment { FragmentId fragment{}; };
struct CreateActor { ActorId actor{}; std::shared_ptr<const Pipeline> pipeline; };
struct KillActor { ActorId actor{}; };
struct DropBlock { BlockId block{}; };
/// Hands the block to the consumer. The driver drops it from the engine, and calls on_released(block.bytes) when the
/// consumer has let go of it.
struct DeliverBlock { Block block; };
struct TraceFragment { FragmentTrace trace; };
/// The run is over for the consumer, once: success after the last block, or the error that ended it. Cancelled
/// fragments may still be on their way; Executor::drained() tells when they are gone.
struct FinishRun { Status status; };
// clang-format on

using Action = std::variant<SubmitFragment, GrantCredit, CancelFragment, CreateActor, KillActor, DropBlock,
                            DeliverBlock, TraceFragment, FinishRun>;
using Actions = std::vector<Action>;

}  // namespace shoal::data
