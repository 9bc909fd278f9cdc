#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "data/engine/engine.h"
#include "data/exec/physical.h"
#include "data/exec/report.h"

namespace shoal::data {

/// What the observer of a run sees; used for the Chrome trace. Times are nanoseconds since the run began.
struct FragmentTrace {
  std::size_t op = 0;
  std::int64_t ordinal = 0;
  int attempt = 0;
  std::int64_t start_ns = 0, end_ns = 0;
  bool failed = false;
  bool cancelled = false;
};

/// One consumption of a plan: the executor, its engine and the consumer's queue. The executor is driven by whichever
/// thread brings an event (a worker that finished, the consumer that waits); no thread of its own.
class Run {
 public:
  virtual ~Run() = default;  ///< Does what stop() does.

  /// A block for the consumer. Its bytes count against the budget until the last copy of `lease` is gone.
  struct Delivered {
    Rows rows;  ///< Null at the end.
    std::shared_ptr<void> lease;
  };
  /// The next block in order. Blocks. One consumer thread. An error comes after all blocks before it, and every later
  /// call gives the same error.
  virtual Result<Delivered> next() = 0;
  /// Ends the run from any thread; next() then gives `reason`, perhaps after a block that it waited for already.
  virtual void cancel(Status reason) = 0;
  /// Cancels what still runs, then waits until no user function of this run runs any more. Not from a worker. report()
  /// and running_labels() may be called meanwhile: this is how Ctrl-C names a function that does not come back.
  virtual void stop() = 0;
  virtual RunReport report() const = 0;
  /// Labels of operators whose user code runs at this moment, for "still running" messages.
  virtual std::vector<std::string> running_labels() const = 0;
};

struct RunHooks {
  std::function<void(const FragmentTrace&)> on_fragment;  ///< Called as fragments end; may be empty.
};

/// Checks the plan (`infeasible` where a step asks for more than the run declares) and starts it.
Result<std::shared_ptr<Run>> start_run(PhysicalPlan plan, std::unique_ptr<Engine> engine, RunHooks hooks = {});

}  // namespace shoal::data
