#pragma once

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <shoal/wire/callable.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/exec/physical.h"
#include "data/op/ship.h"
#include "data/op/stream.h"

namespace shoal::data {

/// A function pointer that travels.
template <class F>
struct CodeOf {
  F code = nullptr;
};

}  // namespace shoal::data

namespace shoal::inline v1 {

template <class F>
struct Codec<data::CodeOf<F>> {
  static constexpr std::size_t k_bytes_min = 16;
  static void encode(Encoder& to, const data::CodeOf<F>& of) { detail::encode_callable(to, of.code); }
  static void decode(Decoder& from, data::CodeOf<F>& of) { of.code = detail::decode_callable<F>(from); }
};

}  // namespace shoal::inline v1

namespace shoal::data {

/// Rows of one int64 column "n" for tests.
inline Rows int_rows(const std::vector<std::int64_t>& values) {
  static const auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  arrow::Int64Builder builder;
  builder.AppendValues(values).ok();
  return arrow::RecordBatch::Make(schema, static_cast<std::int64_t>(values.size()), {*builder.Finish()});
}

inline std::vector<std::int64_t> int_values(const Rows& rows) {
  const auto& column = static_cast<const arrow::Int64Array&>(*rows->column(0));
  return {column.raw_values(), column.raw_values() + column.length()};
}

/// Split i gives `blocks` blocks of `rows` rows; the numbers go on from split to split.
class CountingSource final : public Source {
 public:
  CountingSource(std::int64_t blocks, std::int64_t rows) : blocks_(blocks), rows_(rows) {}
  std::string label() const override { return "Count"; }
  Result<std::int64_t> split_count(int, std::int64_t) const override { return 1; }
  std::unique_ptr<Stream> open(std::int64_t split, const StepContext&) const override {
    return std::make_unique<Numbers>(*this, split * blocks_);
  }
  Result<Shipped<Source>> ship() const override { return ship_as<CountingSource>(blocks_, rows_); }

 private:
  class Numbers final : public Stream {
   public:
    Numbers(const CountingSource& source, std::int64_t block)
        : source_(source), block_(block), end_(block + source.blocks_) {}
    Result<Rows> next() override {
      if (at_end()) return Rows();
      std::vector<std::int64_t> values(static_cast<std::size_t>(source_.rows_));
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = block_ * source_.rows_ + static_cast<std::int64_t>(i);
      ++block_;
      return int_rows(values);
    }
    bool at_end() const override { return block_ == end_; }

   private:
    const CountingSource& source_;
    std::int64_t block_;
    const std::int64_t end_;
  };

  const std::int64_t blocks_;
  const std::int64_t rows_;
};

/// Each piece of the input through a function; null drops it. With `make` it has state: the function is made anew in
/// each worker. It travels where it was made from function pointers.
class CallStep final : public Step {
 public:
  using Call = std::function<Result<Rows>(const Rows&, const StepContext&)>;
  using Make = std::function<Result<Call>()>;
  CallStep(std::string label, Call call) : label_(std::move(label)), call_(std::move(call)) {}
  CallStep(std::string label, Make make) : label_(std::move(label)), make_(std::move(make)) {}
  using CallCode = CodeOf<Result<Rows> (*)(const Rows&, const StepContext&)>;
  using MakeCode = CodeOf<Result<Call> (*)()>;
  CallStep(std::string label, CallCode call) : label_(std::move(label)), call_(call.code), call_code_(call) {}
  CallStep(std::string label, MakeCode make) : label_(std::move(label)), make_(make.code), make_code_(make) {}

  std::string label() const override { return label_; }
  bool has_state() const override { return make_ != nullptr; }
  Result<std::unique_ptr<StepState>> make_state() const override {
    SHOAL_ASSIGN_OR_RETURN(Call made, make_());
    auto state = std::make_unique<Made>();
    state->call = std::move(made);
    return std::unique_ptr<StepState>(std::move(state));
  }
  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext& context,
                               StepState* state) const override {
    const Call& call = state != nullptr ? static_cast<Made*>(state)->call : call_;
    return std::make_unique<Calls>(std::move(input), context, call);
  }
  Result<Shipped<Step>> ship() const override {
    if (call_code_.code != nullptr) return ship_as<CallStep>(label_, call_code_);
    if (make_code_.code != nullptr) return ship_as<CallStep>(label_, make_code_);
    return Step::ship();
  }

 private:
  struct Made final : StepState {
    Call call;
  };
  class Calls final : public Stream {
   public:
    Calls(std::unique_ptr<Stream> input, const StepContext& context, const Call& call)
        : input_(std::move(input)), context_(context), call_(call) {}
    Result<Rows> next() override {
      while (true) {
        SHOAL_ASSIGN_OR_RETURN(const Rows rows, input_->next());
        if (rows == nullptr) return Rows();
        SHOAL_ASSIGN_OR_RETURN(Rows made, call_(rows, context_));
        if (made != nullptr && made->num_rows() > 0) return made;
      }
    }
    bool at_end() const override { return input_->at_end(); }

   private:
    const std::unique_ptr<Stream> input_;
    const StepContext& context_;
    const Call& call_;
  };

  const std::string label_;
  const Call call_;
  const Make make_;
  const CallCode call_code_{};
  const MakeCode make_code_{};
};

/// A pipeline with its label.
inline std::shared_ptr<const Pipeline> int_pipeline(std::shared_ptr<const Source> source,
                                                    std::vector<std::shared_ptr<const Step>> steps) {
  auto pipeline = std::make_shared<Pipeline>();
  if (source) pipeline->label = source->label();
  for (const auto& step : steps) pipeline->label += (pipeline->label.empty() ? "" : "+") + step->label();
  pipeline->source = std::move(source);
  pipeline->steps = std::move(steps);
  return pipeline;
}

/// A source of `splits` splits, then one operator for each step.
inline PhysicalPlan int_plan(std::int64_t splits, std::shared_ptr<const Source> source,
                             const std::vector<std::shared_ptr<const Step>>& steps) {
  PhysicalPlan plan;
  plan.source_splits = splits;
  plan.num_cpus = 2;
  plan.memory_budget = 64 << 20;
  plan.block_bytes = 1 << 20;
  plan.operators.emplace_back().pipeline = int_pipeline(std::move(source), {});
  for (const auto& step : steps) {
    plan.operators.emplace_back().pipeline = int_pipeline(nullptr, {step});
    if (step->has_state()) plan.operators.back().pool = Pool{1, 2};
  }
  return plan;
}

}  // namespace shoal::data
