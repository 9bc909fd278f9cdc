#include "data/engine/embedded_fragment.h"

#include <ctime>
#include <utility>

#include "base/log_scope.h"

namespace shoal::data {
namespace {

std::int64_t read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// Adds what passes in its life to the stats.
class Stopwatch {
 public:
  explicit Stopwatch(FragmentStats& stats)
      : stats_(stats), wall_(read_clock(CLOCK_MONOTONIC)), cpu_(read_clock(CLOCK_THREAD_CPUTIME_ID)) {}
  ~Stopwatch() {
    stats_.wall_ns += read_clock(CLOCK_MONOTONIC) - wall_;
    stats_.cpu_ns += read_clock(CLOCK_THREAD_CPUTIME_ID) - cpu_;
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  FragmentStats& stats_;
  const std::int64_t wall_;
  const std::int64_t cpu_;
};

}  // namespace

FragmentRunner::FragmentRunner(const FragmentSpec& spec, std::vector<Rows> inputs, const World& world)
    : pipeline_(spec.pipeline), inputs_(std::move(inputs)), to_skip_(spec.skip_items) {
  context_.ordinal = spec.ordinal;
  context_.attempt = spec.attempt;
  context_.block_bytes = world.block_bytes;
  context_.batch_rows = pipeline_->batch_rows;
  context_.limited = world.limited;
  context_.pool = world.pool;
  context_.storage = world.storage;
  context_.stop = stop_.get_token();
  context_.counters = &stats_.counters;
  if (world.last_pool == nullptr) return;
  last_ = context_;
  last_->last_pool = world.last_pool;
}

Status FragmentRunner::prepare() {
  const Stopwatch stopwatch(stats_);
  return open(nullptr);
}

Status FragmentRunner::open(WorkerState* worker) {
  if (stream_ != nullptr) return Status();
  const log::Scope scope(pipeline_->label, context_.ordinal);
  try {
    stream_ = open_pipeline(*pipeline_, std::exchange(inputs_, {}), context_, worker, last_ ? &*last_ : nullptr);
    stream_->prepare();
    return Status();
  } catch (...) { return Status::from_current_exception(); }
}

Result<Rows> FragmentRunner::next(WorkerState* worker) {
  const Stopwatch stopwatch(stats_);
  if (!cancelled()) SHOAL_RETURN_IF_ERROR(open(worker));
  const log::Scope scope(pipeline_->label, context_.ordinal);
  while (!cancelled()) {
    Result<Rows> rows = pull();
    if (!rows.ok() || *rows == nullptr || to_skip_ == 0) return rows;
    --to_skip_;
  }
  return Status(ErrorCode::cancelled, "the fragment was cancelled");
}

Result<Rows> FragmentRunner::pull() {
  try {
    return stream_->next();
  } catch (...) { return Status::from_current_exception(); }
}

bool FragmentRunner::at_end() const { return stream_ != nullptr && stream_->at_end(); }

void FragmentRunner::close() {
  stream_.reset();
  inputs_.clear();
  pipeline_.reset();
}

FragmentStats FragmentRunner::stats() const { return stats_; }

}  // namespace shoal::data
