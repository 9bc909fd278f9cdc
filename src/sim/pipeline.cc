// The program's sources and steps as pipelines of the library: blocks of one int64 column.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <utility>

#include "sim/program.h"

namespace shoal::sim {
namespace {

using data::Pipeline;
using data::Rows;
using data::StepContext;
using data::Stream;

Rows make_rows(const std::vector<std::int64_t>& values) {
  static const auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  arrow::Int64Builder builder;
  if (!builder.AppendValues(values).ok()) return nullptr;
  return arrow::RecordBatch::Make(schema, static_cast<std::int64_t>(values.size()), {builder.Finish().ValueOrDie()});
}

class SimSource final : public data::Source {
 public:
  explicit SimSource(std::vector<std::vector<std::int64_t>> splits) : splits_(std::move(splits)) {
    std::int64_t first = 0;
    for (const auto& split : splits_) {
      first_.push_back(first);
      for (const std::int64_t rows : split) first += rows;
    }
  }
  std::string label() const override { return "Sim"; }
  Result<std::int64_t> split_count(int, std::int64_t) const override {
    return static_cast<std::int64_t>(splits_.size());
  }
  std::unique_ptr<Stream> open(std::int64_t split, const StepContext&) const override {
    const auto at = static_cast<std::size_t>(split);
    return std::make_unique<Numbers>(splits_[at], first_[at]);
  }

 private:
  class Numbers final : public Stream {
   public:
    Numbers(const std::vector<std::int64_t>& blocks, std::int64_t first) : blocks_(blocks), next_(first) {}
    Result<Rows> next() override {
      if (block_ == blocks_.size()) return Rows();
      std::vector<std::int64_t> values(static_cast<std::size_t>(blocks_[block_++]));
      for (std::int64_t& value : values) value = next_++;
      return make_rows(values);
    }

   private:
    const std::vector<std::int64_t>& blocks_;
    std::size_t block_ = 0;
    std::int64_t next_;
  };

  const std::vector<std::vector<std::int64_t>> splits_;
  std::vector<std::int64_t> first_;
};

/// A worker's state that does nothing but exist.
struct Present final : data::StepState {};

class RowStep final : public data::Step {
 public:
  RowStep(SimStep step, bool has_state) : step_(step), has_state_(has_state) {}
  std::string label() const override { return "Row"; }
  bool has_state() const override { return has_state_; }
  Result<std::unique_ptr<data::StepState>> make_state() const override {
    return std::unique_ptr<data::StepState>(std::make_unique<Present>());
  }
  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext&, data::StepState*) const override {
    return std::make_unique<Transformed>(std::move(input), step_);
  }

 private:
  class Transformed final : public Stream {
   public:
    Transformed(std::unique_ptr<Stream> input, SimStep step) : input_(std::move(input)), step_(step) {}
    Result<Rows> next() override {
      while (true) {
        SHOAL_ASSIGN_OR_RETURN(const Rows rows, input_->next());
        if (rows == nullptr) return Rows();
        const auto& column = static_cast<const arrow::Int64Array&>(*rows->column(0));
        std::vector<std::int64_t> out;
        for (std::int64_t i = 0; i < column.length(); ++i) append(column.Value(i), out);
        if (!out.empty()) return make_rows(out);
      }
    }
    bool at_end() const override { return input_->at_end(); }

   private:
    void append(std::int64_t n, std::vector<std::int64_t>& out) const {
      switch (step_.kind) {
        case StepKind::add: out.push_back(n + step_.k); break;
        case StepKind::scale: out.push_back(n * step_.k); break;
        case StepKind::keep:
          if (n % step_.k != 0) out.push_back(n);
          break;
        case StepKind::repeat: out.insert(out.end(), static_cast<std::size_t>(n % step_.k), n); break;
      }
    }
    const std::unique_ptr<Stream> input_;
    const SimStep step_;
  };

  const SimStep step_;
  const bool has_state_;
};

/// Throws in the attempts and at the item that the program says.
class FailingStep final : public data::Step {
 public:
  explicit FailingStep(OwnFailures failures) : failures_(failures) {}
  std::string label() const override { return "Failing"; }
  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext& context,
                               data::StepState*) const override {
    const bool fails = context.ordinal % failures_.every == failures_.every - 1;
    return std::make_unique<Failing>(std::move(input), fails ? failures_ : OwnFailures{}, context.attempt);
  }

 private:
  class Failing final : public Stream {
   public:
    Failing(std::unique_ptr<Stream> input, OwnFailures failures, int attempt)
        : input_(std::move(input)), failures_(failures), attempt_(attempt) {}
    Result<Rows> next() override {
      SHOAL_ASSIGN_OR_RETURN(Rows rows, input_->next());
      const bool now = failures_.every > 0 && attempt_ < failures_.times &&
                       (item_ == failures_.item || rows == nullptr);
      if (now) return Status(ErrorCode::user_function, "the program fails here");
      ++item_;
      return rows;
    }

   private:
    const std::unique_ptr<Stream> input_;
    const OwnFailures failures_;
    const int attempt_;
    std::int64_t item_ = 0;
  };

  const OwnFailures failures_;
};

std::shared_ptr<const Pipeline> make_pipeline(const Program& program, std::size_t index) {
  const SimOperator& op = program.operators[index];
  auto pipeline = std::make_shared<Pipeline>();
  pipeline->label = "op" + std::to_string(index);
  if (index == 0) pipeline->source = std::make_shared<SimSource>(program.splits);
  for (const SimStep& step : op.steps) {
    const bool has_state = op.pool.has_value() && pipeline->steps.empty();
    pipeline->steps.push_back(std::make_shared<RowStep>(step, has_state));
  }
  if (op.failures.every > 0 && op.failures.times > 0) {
    pipeline->steps.push_back(std::make_shared<FailingStep>(op.failures));
  }
  return pipeline;
}

}  // namespace

data::PhysicalPlan to_plan(const Program& program) {
  data::PhysicalPlan plan;
  plan.source_splits = static_cast<std::int64_t>(program.splits.size());
  plan.num_cpus = program.num_cpus;
  plan.num_gpus = program.num_gpus;
  plan.memory_budget = program.memory_budget;
  plan.block_bytes = program.block_bytes;
  for (std::size_t i = 0; i < program.operators.size(); ++i) {
    const SimOperator& from = program.operators[i];
    data::PhysicalOperator& op = plan.operators.emplace_back();
    op.pipeline = make_pipeline(program, i);
    op.num_cpus = from.num_cpus;
    op.num_gpus = from.num_gpus;
    op.concurrency = from.concurrency;
    op.pool = from.pool;
    op.retries = from.retries;
    op.preserve_order = from.preserve_order;
    op.queued_blocks_max = from.queued_blocks_max;
    op.window = from.window;
  }
  return plan;
}

}  // namespace shoal::sim
