#include "data/op/stream.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

namespace shoal::data {
namespace {

/// The input blocks of a fragment, one after the other.
class InputStream final : public Stream {
 public:
  explicit InputStream(std::vector<Rows> inputs) : inputs_(std::move(inputs)) {}

  Result<Rows> next() override {
    while (at_ < inputs_.size()) {
      Rows rows = std::exchange(inputs_[at_++], nullptr);
      if (rows != nullptr && rows->num_rows() > 0) return rows;
    }
    return Rows();
  }

  bool at_end() const override {
    return std::all_of(inputs_.begin() + static_cast<std::ptrdiff_t>(at_), inputs_.end(),
                       [](const Rows& rows) { return rows == nullptr || rows->num_rows() == 0; });
  }

 private:
  std::vector<Rows> inputs_;
  std::size_t at_ = 0;
};

/// Which part of the pipeline makes its columns last: 0 = the source, else a step's place + 1. The merge of small pieces,
/// which has no label, hands on what is large.
std::size_t last_maker(const Pipeline& pipeline) {
  std::size_t at = pipeline.steps.size();
  while (at > 0 && pipeline.steps[at - 1]->label().empty()) --at;
  return at;
}

}  // namespace

bool Pipeline::has_state() const {
  return std::any_of(steps.begin(), steps.end(), [](const auto& step) { return step->has_state(); });
}

Result<std::unique_ptr<WorkerState>> make_worker_state(const Pipeline& pipeline) {
  auto worker = std::make_unique<WorkerState>();
  for (const auto& step : pipeline.steps) {
    std::unique_ptr<StepState> state;
    if (step->has_state()) { SHOAL_ASSIGN_OR_RETURN(state, step->make_state()); }
    worker->states.push_back(std::move(state));
  }
  return worker;
}

std::unique_ptr<Stream> open_pipeline(const Pipeline& pipeline, std::vector<Rows> inputs, const StepContext& context,
                                      WorkerState* worker, const StepContext* last) {
  const std::size_t maker = last != nullptr ? last_maker(pipeline) : pipeline.steps.size() + 1;
  const auto context_of = [&](std::size_t at) -> const StepContext& { return at == maker ? *last : context; };
  std::unique_ptr<Stream> stream = pipeline.source ? pipeline.source->open(context.ordinal, context_of(0))
                                                   : std::make_unique<InputStream>(std::move(inputs));
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
    StepState* state = worker == nullptr ? nullptr : worker->states[i].get();
    stream = pipeline.steps[i]->open(std::move(stream), context_of(i + 1), state);
  }
  return stream;
}

}  // namespace shoal::data
