#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include "data/engine/engine.h"

namespace shoal::data {

/// The running part of one fragment: its pipeline and what it counted. Opens lazily. One thread at a time, but
/// cancel() may come from any.
class FragmentRunner {
 public:
  struct World {
    std::int64_t block_bytes = 0;
    bool limited = false;
    arrow::MemoryPool* pool = nullptr;
    StorageClients* storage = nullptr;
  };
  FragmentRunner(const FragmentSpec& spec, std::vector<Rows> inputs, const World& world);

  /// Opens the pipeline of a fragment without a worker, and starts its reads. Exceptions of user code come out as
  /// errors, here and in next().
  Status prepare();
  /// The next block that was not delivered by an earlier attempt; null at the end. Opens the pipeline where that was
  /// not done. `worker` is the state of the fragment's worker, null without one; it outlives the runner.
  /// Error: cancelled.
  Result<Rows> next(WorkerState* worker);
  /// Whether next() would surely give null without running anything.
  bool at_end() const;
  /// Frees the streams, their memory and the pipeline. The last call but stats().
  void close();

  /// Ends waits for storage, too: the thread in next() comes back soon unless it is in user code.
  void cancel() { stop_.request_stop(); }
  bool cancelled() const { return stop_.stop_requested(); }
  /// After close().
  FragmentStats stats() const;

 private:
  Status open(WorkerState* worker);
  Result<Rows> pull();

  std::shared_ptr<const Pipeline> pipeline_;  // null once closed: what user code captured is gone by then
  std::vector<Rows> inputs_;
  std::int64_t to_skip_;
  std::stop_source stop_;
  FragmentStats stats_;
  StepContext context_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace shoal::data
