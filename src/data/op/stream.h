#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <shoal/data/options.h>

#include "base/status.h"

namespace arrow {
class MemoryPool;
class RecordBatch;
}  // namespace arrow

namespace shoal::data {

class StorageClients;
template <class Part>
struct Shipped;  // data/op/ship.h

/// A block, or a piece of one: rows of equal schema. Immutable once made; null stands for "no more rows".
using Rows = std::shared_ptr<arrow::RecordBatch>;

/// Counts of one fragment that steps add to and `stats()` sums up. Belongs to the thread that runs the fragment.
struct StepCounters {
  std::int64_t quarantined_rows = 0;
  std::int64_t bytes_read = 0;  ///< From storage.
  std::int64_t requests = 0;    ///< To storage.
};

/// What a step knows of the fragment it runs in. Outlives every stream opened with it.
struct StepContext {
  std::int64_t ordinal = 0;             ///< Of the fragment within its operator; equal in every attempt.
  int attempt = 0;                      ///< 0 for the first.
  std::int64_t block_bytes = 64 << 20;  ///< Size at which a step that makes rows ends a block.
  std::int64_t batch_rows = 0;          ///< Rows that a later step takes at once, where that was asked for; else 0.
  bool limited = false;                 ///< The run ends after some rows: sources begin with the smallest blocks.
  arrow::MemoryPool* pool = nullptr;    ///< Every Arrow allocation goes through it, so that it is counted.
  arrow::MemoryPool* last_pool =
      nullptr;                        ///< For large columns that leave the pipeline as they are made; null = `pool`.
  StorageClients* storage = nullptr;  ///< The process's connections and credentials.
  std::stop_token stop{};             ///< Requested when the fragment is cancelled: waits for storage end with it.
  StepCounters* counters = nullptr;

  bool is_cancelled() const { return stop.stop_requested(); }
  arrow::MemoryPool* column_pool() const { return last_pool != nullptr ? last_pool : pool; }
};

/// A pull iterator over rows. One thread at a time; nothing runs between calls but what prepare() started.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Starts asynchronous reads, if the stream has any, without blocking. Called at most once, before next().
  virtual void prepare() {}
  /// The next rows (at least one row), or null at the end. Blocks on I/O and user code. Not called after null or
  /// an error. User functions' exceptions come out as `user_function` errors with their cause.
  virtual Result<Rows> next() = 0;
  /// True only where next() would give null at once, without running a step: the fragment then ends with its last
  /// block instead of asking for credit first. Streams over an input that hold nothing back pass the question on.
  virtual bool at_end() const { return false; }
};

/// State of a step that lives as long as a worker: the object of a class step.
class StepState {
 public:
  virtual ~StepState() = default;
};

/// One row-wise step of a fragment: immutable, shared by all fragments of its operator, called by many threads.
class Step {
 public:
  virtual ~Step() = default;
  /// For plans and errors, e.g. "MapBatches(normalize)".
  virtual std::string label() const = 0;
  /// Rows that the step takes at once, where the user said so; else 0.
  virtual std::int64_t batch_rows() const { return 0; }
  /// Whether make_state() must run once in each worker; such a step runs in a pool of workers.
  virtual bool has_state() const { return false; }
  virtual Result<std::unique_ptr<StepState>> make_state() const { return std::unique_ptr<StepState>(); }
  /// Rows of `input` through this step. `state` is this worker's, null for a step without.
  virtual std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext& context,
                                       StepState* state) const = 0;
  /// The step for another process. By default the error `unsupported`: it holds what only this process has.
  virtual Result<Shipped<Step>> ship() const;
};

/// What a plan begins with: rows that come from no other operator, cut into splits that can be read in any order.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::string label() const = 0;  ///< e.g. "ReadRange", "ListFiles"
  /// How many splits there are, decided from the input and the hints alone, never from timing. Called once a run.
  virtual Result<std::int64_t> split_count(int parallelism_hint, std::int64_t block_bytes) const = 0;
  virtual std::unique_ptr<Stream> open(std::int64_t split, const StepContext& context) const = 0;
  /// As Step::ship(). What it makes can open the splits that split_count() said, which is called before.
  virtual Result<Shipped<Source>> ship() const;
};

/// The part of a physical operator that runs inside one slot: a source or input blocks, then fused steps.
struct Pipeline {
  std::shared_ptr<const Source> source;  ///< Null where input blocks come from another operator.
  std::vector<std::shared_ptr<const Step>> steps;
  std::string label;            ///< "ReadImages+MapBatches(normalize)"
  std::int64_t batch_rows = 0;  ///< Of the first step that says, here or in a later operator.
  Isolation isolation{};        ///< Where fragments of it run.

  bool has_state() const;
};

/// One worker's states, in the order of the pipeline's steps; null for steps without.
struct WorkerState {
  std::vector<std::unique_ptr<StepState>> states;
};
Result<std::unique_ptr<WorkerState>> make_worker_state(const Pipeline& pipeline);

/// Opens the pipeline over `inputs` (empty for a source, whose split is context.ordinal). `last` is the context of the part
/// that makes the columns which leave the pipeline, where it has one of its own. `context`, `worker` and `last` outlive the stream.
std::unique_ptr<Stream> open_pipeline(const Pipeline& pipeline, std::vector<Rows> inputs, const StepContext& context,
                                      WorkerState* worker, const StepContext* last = nullptr);

}  // namespace shoal::data
