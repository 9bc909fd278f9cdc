#pragma once

#include "data/engine/engine.h"

namespace shoal::data {

/// One fragment as the embedded engine drives it, wherever its pipeline runs. One thread at a time, but cancel() may come
/// from any.
class FragmentRun {
 public:
  virtual ~FragmentRun() = default;
  /// Of a fragment without a worker: starts its reads. Does not block.
  virtual Status prepare() = 0;
  /// The next block that was not delivered by an earlier attempt; null at the end. `worker` is the state of the fragment's
  /// worker, null without one; it outlives this. Error: cancelled.
  virtual Result<Rows> next(WorkerState* worker) = 0;
  /// Whether next() would surely give null without running anything.
  virtual bool at_end() const = 0;
  /// Frees the streams, their memory and the pipeline. The last call but stats() and lost().
  virtual void close() = 0;
  /// Ends waits for storage, too: the thread in next() comes back soon unless it is in user code.
  virtual void cancel() = 0;
  virtual bool cancelled() const = 0;
  /// Of what it did until the last next().
  virtual FragmentStats stats() const = 0;
  /// next() failed because the process is gone that it ran in.
  virtual bool lost() const { return false; }
};

}  // namespace shoal::data
