#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/thread_safety.h"
#include "data/exec/run.h"

namespace shoal::data::testing {

inline OperatorReport synthetic_operator(std::string label, std::int64_t total, std::int64_t done) {
  OperatorReport op;
  op.label = std::move(label);
  op.fragments_total = total;
  op.fragments_done = done;
  op.blocks = done;
  op.rows = done * 25;
  op.bytes = op.rows * 153'600;
  op.memory = 7'680'000;
  return op;
}

/// Four operators after eight seconds, as far as `done` blocks: the run of the ranges example.
inline RunReport synthetic_report(std::int64_t done) {
  RunReport report;
  report.operators = {synthetic_operator("ReadRange", 200, done), synthetic_operator("MapBatches(nap)", -1, done),
                      synthetic_operator("MapBatches(Nap)", -1, done), synthetic_operator("MapBatches(nap)", -1, done)};
  report.operators[0].queued = 37;
  report.operators[0].waits_for = WaitReason::output_budget;
  report.operators[1].running = 5;
  report.operators[2].running = 7;
  report.operators[2].actors = 2;
  report.operators[2].waits_for = WaitReason::slot;
  report.operators[3].waits_for = WaitReason::input;
  report.wall_ns = 8'000'000'000;
  report.rows_delivered = done * 25;
  report.cpus_used = 7;
  report.cpus_total = 16;
  report.memory_used = 80'600'000;
  report.memory_budget = std::int64_t{2} << 30;
  return report;
}

/// A run that shows the reports it is given and runs nothing. Thread-safe.
class SyntheticRun final : public Run {
 public:
  explicit SyntheticRun(RunReport report) : report_(std::move(report)) {}

  void set_report(RunReport report) {
    const Lock lock(mutex_);
    report_ = std::move(report);
  }
  /// Waits until report() was called `count` more times.
  void wait_for_reports(int count) {
    Lock lock(mutex_);
    const int target = reports_ + count;
    while (reports_ < target) changed_.wait(lock);
  }
  /// Waits until somebody cancels.
  Status wait_until_cancelled() {
    Lock lock(mutex_);
    while (reason_.ok()) changed_.wait(lock);
    return reason_;
  }

  Result<Delivered> next() override { return Delivered{}; }
  void cancel(Status reason) override {
    const Lock lock(mutex_);
    reason_ = std::move(reason);
    changed_.notify_all();
  }
  void stop() override {}
  RunReport report() const override {
    const Lock lock(mutex_);
    ++reports_;
    changed_.notify_all();
    return report_;
  }
  std::vector<std::string> running_labels() const override { return {"MapBatches(nap)"}; }

 private:
  mutable Mutex mutex_;
  mutable CondVar changed_;
  mutable int reports_ GUARDED_BY(mutex_) = 0;
  RunReport report_ GUARDED_BY(mutex_);
  Status reason_ GUARDED_BY(mutex_);
};

}  // namespace shoal::data::testing
