#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "data/op/stream.h"

namespace shoal::data {

/// Names given by the executor, unique within one run.
enum class FragmentId : std::uint64_t {};
enum class ActorId : std::uint64_t {};
/// Name given by the engine to a block it holds.
enum class BlockId : std::uint64_t {};

struct Resources {
  double cpus = 0;
  double gpus = 0;
  std::int64_t memory = 0;  ///< Bytes of the run's budget.
  friend bool operator==(const Resources&, const Resources&) = default;
};

/// A block the engine holds: what the executor knows of it. The bytes stay with the engine.
struct BlockInfo {
  BlockId id{};
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
};

/// Rows [offset, offset + rows) of a block.
struct BlockSlice {
  BlockId id{};
  std::int64_t offset = 0;
  std::int64_t rows = 0;
};

/// One run of a pipeline over some input.
struct FragmentSpec {
  FragmentId id{};
  std::shared_ptr<const Pipeline> pipeline;
  std::vector<BlockSlice> inputs;  ///< Empty for a source.
  std::int64_t ordinal = 0;        ///< Within its operator; a source's split.
  int attempt = 0;
  std::int64_t skip_items = 0;   ///< Items of an earlier attempt that are delivered already; not sent again.
  double num_cpus = 1;           ///< That it takes while it runs; a fraction, or 0, too.
  std::optional<ActorId> actor;  ///< Runs inside this actor, which keeps the pipeline's state.
};

struct FragmentStats {
  std::int64_t wall_ns = 0;  ///< Inside next(), waits for I/O included.
  std::int64_t cpu_ns = 0;   ///< Of the threads while they ran it.
  StepCounters counters;
};

/// What a completion queue delivers.
struct Item {
  FragmentId fragment;
  BlockInfo block;  ///< Its bytes are taken of the fragment's credit.
};
struct Done {
  FragmentId fragment;
  FragmentStats stats;
};
struct Failed {
  FragmentId fragment;
  Status cause;
  bool system = false;    ///< A lost worker, which is retried by itself; else an error of the fragment's own.
  FragmentStats stats{};  ///< Of what it did until then.
};
struct ActorUp {
  ActorId actor;
};
/// Its constructor failed, or its worker died (`worker_died`): then before the Failed of what it ran. Not after kill.
struct ActorDown {
  ActorId actor;
  Status cause;
};
using EngineEvent = std::variant<Item, Done, Failed, ActorUp, ActorDown>;

struct Capabilities {
  bool isolates_workers = false;  ///< Workers can be processes of their own.
  bool virtual_time = false;      ///< A simulation.
};

/// All that the dataset library uses of a runtime, for one run. Calls never block and may come from any thread, one
/// at a time. Every submitted fragment ends in exactly one Done or Failed, cancelled ones too (`cancelled`).
/// Conformance: sim/testing/engine_suite.h.
class Engine {
 public:
  virtual ~Engine() = default;  ///< Cancels what runs, waits until no user code runs any more, drops all blocks.

  virtual Capabilities capabilities() const = 0;
  virtual Resources total_resources() const = 0;

  /// Starts the fragment's asynchronous reads; it runs once it is granted credit.
  virtual void submit(FragmentSpec spec) = 0;
  /// Adds output credit. A fragment runs while its credit is above zero; the item that uses it up parks it, and a
  /// parked fragment takes no thread. Items are never cut to the credit, so it may go below zero by one item.
  virtual void grant(FragmentId fragment, std::int64_t bytes) = 0;
  /// Asks the fragment to end; its end still arrives as an event. Unknown or ended fragments are ignored.
  virtual void cancel(FragmentId fragment) = 0;

  /// Makes a worker that holds the pipeline's state. Ends in ActorUp or ActorDown.
  virtual void create_actor(ActorId actor, std::shared_ptr<const Pipeline> pipeline) = 0;
  /// Ends the worker after the fragment it runs.
  virtual void kill_actor(ActorId actor) = 0;

  /// Moves all queued events into `into`, in their order, replacing its contents.
  virtual void poll(std::vector<EngineEvent>& into) = 0;
  /// Called, from any thread, after an event was queued. Set once, before the first submit.
  virtual void set_wakeup(std::function<void()> wakeup) = 0;

  virtual BlockInfo put(Rows rows) = 0;
  virtual Result<Rows> get(BlockId block) = 0;
  /// Forgets the block; rows handed out live on with their holders.
  virtual void drop(BlockId block) = 0;
  /// Names of the nodes that hold it; {"local"} in one process.
  virtual std::vector<std::string> locate(BlockId block) const = 0;
};

}  // namespace shoal::data
