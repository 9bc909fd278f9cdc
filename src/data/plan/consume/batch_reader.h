#pragma once

#include <memory>

#include <shoal/data/options.h>

#include "data/plan/launch.h"

namespace shoal::data {

/// The batches of one run of a plan: blocks re-cut, shuffled and cast as the options say, and prepared by a background
/// thread `prefetch` batches ahead. One consumer thread.
class BatchReader {
 public:
  /// Starts the run. Errors: invalid_argument naming the option, and those of PlanRun::start.
  static Result<std::unique_ptr<BatchReader>> start(const NodePtr& plan, const RunSettings& settings,
                                                    std::shared_ptr<RunRecord> record, const BatchOptions& options);
  virtual ~BatchReader() = default;  ///< Cancels the run and joins the background thread.

  /// The next batch; null rows at the end. Its blocks count against the budget until its lease is gone. Blocks. After
  /// an error every call gives the same error.
  virtual Result<Run::Delivered> next() = 0;
  /// `cancelled` once Ctrl-C came: next() then gives that, whatever is prepared already. Any thread.
  virtual Status interrupted() const = 0;
};

}  // namespace shoal::data
