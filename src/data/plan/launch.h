#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/thread_safety.h"
#include "data/exec/observe.h"
#include "data/exec/run.h"
#include "data/exec/settings.h"
#include "data/plan/node.h"

namespace shoal::data {

/// The report of the last run of a dataset, for stats(): of a run under way its state now. Thread-safe.
class RunRecord {
 public:
  void begin(const std::shared_ptr<Run>& run);
  void finish(RunReport report);
  /// Not set before the first run.
  std::optional<RunReport> latest() const;

 private:
  mutable Mutex mutex_;
  std::weak_ptr<Run> running_ GUARDED_BY(mutex_);
  std::optional<RunReport> finished_ GUARDED_BY(mutex_);
};

/// One consumption of a plan: settings become an engine, the plan its operators, and both a run.
class PlanRun {
 public:
  /// Resolves deferred nodes (which may run other plans first), applies the rules, lowers, and starts. `record` may be
  /// null.
  static Result<std::unique_ptr<PlanRun>> start(const NodePtr& plan, const RunSettings& settings,
                                                std::shared_ptr<RunRecord> record);
  /// Cancels what still runs, waits for it, and leaves the report in the record.
  ~PlanRun();
  PlanRun(const PlanRun&) = delete;
  PlanRun& operator=(const PlanRun&) = delete;

  /// The next block in order, rows being null at the end. Blocks. One thread at a time. The run's progress goes from
  /// the screen, and its trace is written, when it gave the last block or an error.
  Result<Run::Delivered> next();
  /// `cancelled` once Ctrl-C came, also after the last block: what is left of the blocks is not for the consumer any
  /// more. Any thread.
  Status interrupted() const { return observer_->interrupted(); }
  /// From any thread; next() then gives `reason`.
  void cancel(Status reason) { run_->cancel(std::move(reason)); }
  /// Time that the real consumer waited, where another thread calls next() for it.
  void set_consumer_wait(std::int64_t ns) { consumer_wait_ns_ = ns; }

 private:
  PlanRun(std::shared_ptr<Run> run, std::unique_ptr<RunObserver> observer, std::shared_ptr<RunRecord> record,
          std::int64_t spilled_bytes);

  const std::shared_ptr<Run> run_;
  const std::unique_ptr<RunObserver> observer_;
  const std::shared_ptr<RunRecord> record_;
  const std::int64_t spilled_bytes_;  // of blocks that the plan reads from disk
  std::atomic<std::int64_t> consumer_wait_ns_ = -1;
};

/// `plan` with the plans to run in place of its deferred nodes.
Result<NodePtr> resolve_deferred(const NodePtr& plan, const RunSettings& settings);

}  // namespace shoal::data
