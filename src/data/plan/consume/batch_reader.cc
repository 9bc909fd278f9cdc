#include "data/plan/consume/batch_reader.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "api/waiting.h"
#include "base/thread_safety.h"
#include "data/memory/memory_pool.h"
#include "data/plan/consume/batch_cutter.h"
#include "data/plan/consume/cast_columns.h"
#include "data/plan/consume/shuffle_buffer.h"

namespace shoal::data {
namespace {

using Clock = std::chrono::steady_clock;

/// Makes batches on the thread that asks for them.
class BatchMaker final : public BatchReader {
 public:
  BatchMaker(std::unique_ptr<PlanRun> run, const BatchOptions& options, std::shared_ptr<arrow::DataType> dtype)
      : run_(std::move(run)),
        dtype_(std::move(dtype)),
        pool_(counted_memory_pool()),
        cutter_(options.batch_size, options.drop_last, pool_) {
    if (options.shuffle_buffer > 0) {
      shuffle_.emplace(options.shuffle_buffer, options.seed.value_or(0), options.batch_size, pool_);
    }
  }

  Result<Run::Delivered> next() override {
    if (failure_.ok()) failure_ = interrupted();
    if (!failure_.ok()) return failure_;
    auto batch = make();
    if (!batch.ok()) failure_ = batch.status();
    return batch;
  }

  Status interrupted() const override { return run_->interrupted(); }

  PlanRun& run() { return *run_; }

 private:
  Result<Run::Delivered> make() {
    while (true) {
      SHOAL_ASSIGN_OR_RETURN(Run::Delivered batch, pop());
      if (batch.rows != nullptr) return cast(std::move(batch));
      if (ended_) return Run::Delivered{};
      SHOAL_ASSIGN_OR_RETURN(Run::Delivered block, run_->next());
      if (block.rows != nullptr) {
        SHOAL_RETURN_IF_ERROR(shuffle_ ? shuffle_->push(std::move(block)) : cutter_.push(std::move(block)));
        continue;
      }
      ended_ = true;
      if (shuffle_) shuffle_->finish();
      if (!shuffle_) cutter_.finish();
    }
  }

  /// Shuffled batches go through the cutter too, which knows what to do with the last one.
  Result<Run::Delivered> pop() {
    while (true) {
      SHOAL_ASSIGN_OR_RETURN(Run::Delivered batch, cutter_.pop());
      if (batch.rows != nullptr || !shuffle_) return batch;
      SHOAL_ASSIGN_OR_RETURN(Run::Delivered shuffled, shuffle_->pop());
      if (shuffled.rows != nullptr) {
        SHOAL_RETURN_IF_ERROR(cutter_.push(std::move(shuffled)));
      } else if (ended_ && !std::exchange(cutter_finished_, true)) {
        cutter_.finish();
      } else {
        return Run::Delivered{};
      }
    }
  }

  Result<Run::Delivered> cast(Run::Delivered batch) const {
    if (dtype_ != nullptr) { SHOAL_ASSIGN_OR_RETURN(batch.rows, cast_columns(batch.rows, dtype_, pool_)); }
    return batch;
  }

  const std::unique_ptr<PlanRun> run_;
  const std::shared_ptr<arrow::DataType> dtype_;
  arrow::MemoryPool* const pool_;
  BatchCutter cutter_;
  std::optional<ShuffleBuffer> shuffle_;
  bool ended_ = false;            // the run gave its last block
  bool cutter_finished_ = false;  // ... and the shuffle its last row
  Status failure_;
};

/// Runs a BatchMaker in a thread of its own, at most `prefetch` batches ahead of the consumer.
class PrefetchingReader final : public BatchReader {
 public:
  PrefetchingReader(std::unique_ptr<BatchMaker> maker, int prefetch)
      : maker_(std::move(maker)), prefetch_(static_cast<std::size_t>(prefetch)), thread_([this] { fill(); }) {}

  ~PrefetchingReader() override {
    {
      const Lock lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    maker_->run().cancel(Status(ErrorCode::cancelled, "the consumer left before the end"));
    {
      const Waiting waiting;
      thread_.join();
    }
    maker_->run().set_consumer_wait(waited_ns_);
  }

  Result<Run::Delivered> next() override {
    SHOAL_RETURN_IF_ERROR(interrupted());
    std::optional<Waiting> lends;  // a task's CPU while it waits; ends without the lock
    Lock lock(mutex_);
    if (ready_.empty()) {
      const auto began = Clock::now();
      lock.unlock();
      lends.emplace();
      lock.lock();
      while (ready_.empty()) changed_.wait(lock);
      waited_ns_ += std::chrono::nanoseconds(Clock::now() - began).count();
    }
    const bool last = !ready_.front().ok() || ready_.front()->rows == nullptr;
    if (last) return ready_.front();  // stays, so that later calls give the same
    Result<Run::Delivered> batch = std::move(ready_.front());
    ready_.pop_front();
    lock.unlock();
    changed_.notify_one();
    return batch;
  }

  Status interrupted() const override { return maker_->interrupted(); }

 private:
  void fill() {
    while (true) {
      Result<Run::Delivered> batch = maker_->next();
      const bool last = !batch.ok() || batch->rows == nullptr;
      Lock lock(mutex_);
      ready_.push_back(std::move(batch));
      // Whoever is woken while the lock is held would go to sleep again at once, for the lock.
      lock.unlock();
      changed_.notify_one();
      if (last) return;
      lock.lock();
      while (!stopped_ && ready_.size() >= prefetch_) changed_.wait(lock);
      if (stopped_) return;
    }
  }

  const std::unique_ptr<BatchMaker> maker_;
  const std::size_t prefetch_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<Result<Run::Delivered>> ready_ GUARDED_BY(mutex_);  // ends with an error or null rows
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::int64_t waited_ns_ = 0;  // of the consumer's thread
  std::thread thread_;          // last, for it uses all above
};

Status check(const BatchOptions& options) {
  const auto wrong = [](const std::string& option, std::int64_t value, const std::string& least) {
    return Status(ErrorCode::invalid_argument,
                  "BatchOptions." + option + " must be at least " + least + ", but is " + std::to_string(value));
  };
  if (options.batch_size < 1) return wrong("batch_size", options.batch_size, "1");
  if (options.prefetch < 0) return wrong("prefetch", options.prefetch, "0");
  if (options.shuffle_buffer < 0) return wrong("shuffle_buffer", options.shuffle_buffer, "0");
  return {};
}

}  // namespace

Result<std::unique_ptr<BatchReader>> BatchReader::start(const NodePtr& plan, const RunSettings& settings,
                                                        std::shared_ptr<RunRecord> record,
                                                        const BatchOptions& options) {
  SHOAL_RETURN_IF_ERROR(check(options));
  std::shared_ptr<arrow::DataType> dtype;
  if (!options.dtype.empty()) { SHOAL_ASSIGN_OR_RETURN(dtype, parse_dtype(options.dtype)); }
  SHOAL_ASSIGN_OR_RETURN(auto run, PlanRun::start(plan, settings, std::move(record)));
  auto maker = std::make_unique<BatchMaker>(std::move(run), options, std::move(dtype));
  if (options.prefetch == 0) return std::unique_ptr<BatchReader>(std::move(maker));
  return std::unique_ptr<BatchReader>(std::make_unique<PrefetchingReader>(std::move(maker), options.prefetch));
}

}  // namespace shoal::data
