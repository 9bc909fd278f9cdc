#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <shoal/base/error.h>

#include "base/thread_safety.h"
#include "data/engine/embedded_fragment.h"
#include "data/engine/packed_block.h"
#include "data/memory/memory_pool.h"

namespace shoal::data {

/// What all fragments of a run have in common.
struct DataWorld {
  std::int64_t block_bytes = 0;
  bool limited = false;
  std::int64_t kept_bytes =
      0;  ///< Pages of freed buffers that a process keeps for the next, with those in use, at most.
};

/// A fragment to run; pipelines and fragments have the engine's numbers.
struct FragmentOrder {
  std::uint64_t id = 0;
  std::uint64_t pipeline = 0;
  std::int64_t ordinal = 0;
  int attempt = 0;
  std::int64_t skip_items = 0;
};

/// How a call of a DataWorker ended.
struct WorkerAnswer {
  ErrorCode code = ErrorCode::ok;
  std::string text{};
  Payload cause{};         ///< What a function of the user threw, as exception_to_payload() writes it; empty = nothing.
  PackedBlock block{};     ///< Of next().
  bool has_block = false;  ///< Not at the end.
  bool at_end = false;     ///< Nothing comes after the block.
  FragmentStats stats{};

  static WorkerAnswer of(const Status& status);
  Status status() const;
};

/// Runs fragments in a worker process for an engine in another: the class of an actor with two threads, one for what runs and
/// one for cancel(). A fragment between two calls of next() holds no thread.
class DataWorker {
 public:
  explicit DataWorker(const DataWorld& world) : world_(world), pool_budget_(world.kept_bytes) {}

  /// What pack_pipeline() made is `pipeline` from now on; gives the process's number at the system. Throws what
  /// unpack_pipeline() gives.
  std::int64_t load(std::uint64_t pipeline, const Payload& packed);
  /// Makes the objects of the pipeline's class steps, which its fragments here use.
  WorkerAnswer make_state(std::uint64_t pipeline);
  /// Starts the fragment's reads.
  WorkerAnswer begin(const FragmentOrder& order, const std::vector<PackedBlock>& inputs);
  WorkerAnswer next(std::uint64_t fragment);
  /// Unknown ones are ignored, here and below.
  void cancel(std::uint64_t fragment);
  void forget(std::uint64_t fragment);

 private:
  struct Loaded {
    std::shared_ptr<const Pipeline> pipeline;
    std::shared_ptr<WorkerState> state;  // null without class steps
  };
  struct Running {
    std::shared_ptr<FragmentRunner> runner;
    std::shared_ptr<WorkerState> state;
  };
  Loaded loaded(std::uint64_t pipeline);
  Running running(std::uint64_t fragment);

  const DataWorld world_;
  const PoolBudget pool_budget_;
  Mutex mutex_;
  std::map<std::uint64_t, Loaded> pipelines_ GUARDED_BY(mutex_);
  std::map<std::uint64_t, Running> fragments_ GUARDED_BY(mutex_);
};

}  // namespace shoal::data
