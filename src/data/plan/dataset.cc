#include <shoal/data/dataset.h>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <atomic>
#include <iostream>
#include <optional>
#include <thread>
#include <utility>

#include "data/exec/settings.h"
#include "data/exec/stats.h"
#include "data/op/drop.h"
#include "data/op/filter_expr.h"
#include "data/op/limit.h"
#include "data/op/map_step.h"
#include "data/op/rename.h"
#include "data/op/select.h"
#include "data/op/with_column.h"
#include "data/op/write_parquet.h"
#include "data/plan/consume/batch_reader.h"
#include "data/plan/count.h"
#include "data/plan/explain.h"
#include "data/plan/launch.h"
#include "data/plan/materialize.h"
#include "data/plan/schema_lookup.h"
#include "data/plan/schema_text.h"
#include "data/plan/split.h"
#include "data/rule/rule.h"

namespace shoal::data::inline v1 {
namespace {

/// What a range reads: batches of a Source, which is one run of a plan. The run is gone as soon as it gave its last
/// batch or an error.
template <class Source>
class RunStream : public detail::BatchStream {
 public:
  RunStream(NodePtr plan, RunOptions run, std::shared_ptr<RunRecord> record)
      : plan_(std::move(plan)), run_(std::move(run)), record_(std::move(record)) {}

  void restart() override {
    std::thread::id owner;
    const std::thread::id self = std::this_thread::get_id();
    if (!owner_.compare_exchange_strong(owner, self) && owner != self) {
      throw InvalidArgument(ErrorCode::invalid_argument,
                            "this range of batches or rows is iterated by another thread, to which it belongs; call "
                            "iter_batches() or iter_rows() in each thread, or split(n) for a part of the rows each");
    }
    source_.reset();
    outcome_.reset();
  }

  std::optional<Batch> next() override {
    if (!outcome_) {
      if (source_ == nullptr) source_ = start(resolve(run_).value_or_throw()).value_or_throw();
      Result<Run::Delivered> batch = source_->next();
      if (batch.ok() && batch->rows != nullptr) return Batch(std::move(batch->rows), std::move(batch->lease));
      outcome_ = batch.status();
      source_.reset();
    }
    outcome_->throw_if_error();
    return std::nullopt;
  }

  bool is_interrupted() const override { return source_ != nullptr && !source_->interrupted().ok(); }

 protected:
  virtual Result<std::unique_ptr<Source>> start(const RunSettings& settings) const = 0;

  const NodePtr plan_;
  const RunOptions run_;
  const std::shared_ptr<RunRecord> record_;

 private:
  std::atomic<std::thread::id> owner_;  // who iterates, from the first restart() on
  std::unique_ptr<Source> source_;
  std::optional<Status> outcome_;  // of the run, once it is over
};

/// Batches as the options cut them.
class RunBatches final : public RunStream<BatchReader> {
 public:
  RunBatches(NodePtr plan, RunOptions run, std::shared_ptr<RunRecord> record, BatchOptions options)
      : RunStream(std::move(plan), std::move(run), std::move(record)), options_(std::move(options)) {}

 private:
  Result<std::unique_ptr<BatchReader>> start(const RunSettings& settings) const override {
    return BatchReader::start(plan_, settings, record_, options_);
  }

  const BatchOptions options_;
};

/// Blocks as they come.
class RunBlocks final : public RunStream<PlanRun> {
 public:
  using RunStream::RunStream;

 private:
  Result<std::unique_ptr<PlanRun>> start(const RunSettings& settings) const override {
    return PlanRun::start(plan_, settings, record_);
  }
};

Status check_rows(std::int64_t rows, const char* verb) {
  if (rows >= 0) return {};
  return Status(ErrorCode::invalid_argument,
                std::string(verb) + " takes a number of rows that is not negative, not " + std::to_string(rows));
}

}  // namespace

Dataset::Dataset(std::shared_ptr<const Node> plan, RunOptions run)
    : plan_(std::move(plan)), run_(std::move(run)), record_(std::make_shared<RunRecord>()) {}

Dataset Dataset::with_plan(std::shared_ptr<const Node> plan) const { return Dataset(std::move(plan), run_); }

Dataset Dataset::with_step(std::shared_ptr<const detail::FunctionSpec> function, StepOptions options) const {
  return with_plan(std::make_shared<MapNode>(plan_, std::move(function), std::move(options)));
}

Dataset Dataset::filter(Expr predicate) const { return with_plan(make_filter(plan_, std::move(predicate))); }

Dataset Dataset::add_column(std::string name, Expr value) const {
  return with_plan(make_with_column(plan_, std::move(name), std::move(value)).value_or_throw());
}

Dataset Dataset::select(std::vector<std::string> columns) const {
  return with_plan(make_select(plan_, std::move(columns)).value_or_throw());
}

Dataset Dataset::drop(std::vector<std::string> columns) const {
  return with_plan(make_drop(plan_, std::move(columns)).value_or_throw());
}

Dataset Dataset::rename(const std::map<std::string, std::string>& names) const {
  return with_plan(make_rename(plan_, Renames(names.begin(), names.end())).value_or_throw());
}

Dataset Dataset::limit(std::int64_t rows) const {
  check_rows(rows, "limit").throw_if_error();
  return with_plan(std::make_shared<WindowNode>(plan_, RowWindow{0, rows}));
}

Dataset Dataset::materialize() const { return with_plan(std::make_shared<MaterializeNode>(plan_)); }

std::vector<Dataset> Dataset::split(int n) const {
  if (n < 1) {
    throw InvalidArgument(ErrorCode::invalid_argument, "split takes at least 1 part, not " + std::to_string(n));
  }
  std::vector<Dataset> parts;
  for (NodePtr& part : make_split(plan_, equal_parts(n), n, "Split")) parts.push_back(with_plan(std::move(part)));
  return parts;
}

std::pair<Dataset, Dataset> Dataset::split_fraction(double test_size) const {
  if (!(test_size > 0 && test_size < 1)) {
    throw InvalidArgument(ErrorCode::invalid_argument,
                          "train_test_split takes a fraction above 0 and below 1 or a whole number of rows, not " +
                              std::to_string(test_size));
  }
  const auto parts = make_split(plan_, last_fraction(test_size), 2, "TrainTestSplit");
  return {with_plan(parts[0]), with_plan(parts[1])};
}

std::pair<Dataset, Dataset> Dataset::split_rows(std::int64_t test_rows) const {
  check_rows(test_rows, "train_test_split").throw_if_error();
  const auto parts = make_split(plan_, last_rows(test_rows), 2, "TrainTestSplit");
  return {with_plan(parts[0]), with_plan(parts[1])};
}

Batch Dataset::take_batch(std::int64_t rows) const {
  check_rows(rows, "take_batch").throw_if_error();
  static const Rows no_rows = arrow::RecordBatch::Make(arrow::schema({}), 0, arrow::ArrayVector{});
  if (rows == 0) return Batch(no_rows);
  const NodePtr first = std::make_shared<WindowNode>(plan_, RowWindow{0, rows});
  RunBatches batches(first, run_, record_, {.batch_size = rows, .prefetch = 0});
  return batches.next().value_or(Batch(no_rows));
}

void Dataset::show(std::int64_t rows, std::ostream& out) const {
  for (const Row& row : take(rows)) out << row << '\n';
}

void Dataset::show(std::int64_t rows) const { show(rows, std::cout); }

std::int64_t Dataset::count() const {
  if (const auto rows = count_from_metadata(*plan_).value_or_throw()) return *rows;
  RunBlocks blocks(keep_only_count(plan_), run_, record_);
  std::int64_t rows = 0;
  while (const auto block = blocks.next()) rows += block->num_rows();
  return rows;
}

Schema Dataset::schema() const {
  const SchemaPtr schema = find_schema(plan_, resolve(run_).value_or_throw()).value_or_throw();
  return schema == nullptr ? Schema() : to_public_schema(*schema);
}

std::unique_ptr<detail::BatchStream> Dataset::block_stream() const {
  return std::make_unique<RunBlocks>(plan_, run_, record_);
}

std::unique_ptr<detail::BatchStream> Dataset::first_rows(std::int64_t rows) const {
  check_rows(rows, "take").throw_if_error();
  return std::make_unique<RunBlocks>(std::make_shared<WindowNode>(plan_, RowWindow{0, rows}), run_, record_);
}

BatchRange Dataset::iter_batches(BatchOptions options) const {
  return BatchRange(std::make_unique<RunBatches>(plan_, run_, record_, std::move(options)));
}

WriteReport Dataset::write_parquet(const std::string& uri, WriteOptions options) const {
  const RunSettings settings = resolve(run_).value_or_throw();
  const auto job = WriteJob::start(uri, options, process_storage_clients()).value_or_throw();
  auto run = PlanRun::start(job->node(plan_), settings, record_).value_or_throw();
  while (true) {
    const Run::Delivered block = run->next().value_or_throw();
    if (block.rows == nullptr) break;
    job->collect(block.rows);
  }
  run.reset();
  return job->commit().value_or_throw();
}

std::string Dataset::explain() const { return shoal::data::explain(plan_, resolve(run_).value_or_throw()); }

std::string Dataset::stats() const {
  const auto report = record_->latest();
  return report ? render_stats(*report) : "This dataset has not run yet.\n";
}

Dataset Dataset::with(RunOptions run) const { return Dataset(plan_, overlay(run_, run)); }

std::ostream& operator<<(std::ostream& out, const Dataset& dataset) {
  return out << summarize(dataset.plan(), resolve(dataset.run_options()).value_or_throw());
}

}  // namespace shoal::data::inline v1
