#include "data/plan/lower.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "data/exec/sizing.h"
#include "data/op/block_merge.h"
#include "data/op/limit.h"
#include "data/op/ship.h"

namespace shoal::data {
namespace {

/// CPUs of a step that does not say, and less only where the run has less.
constexpr double k_default_cpus = 1;
constexpr int k_listed_blocks_min = 2;

/// What decides whether two steps can share a slot.
struct Placement {
  double num_cpus = 0;
  double num_gpus = 0;
  int concurrency = std::numeric_limits<int>::max();
  std::optional<Pool> pool;  ///< Set for steps with state.
  Isolation isolation{};
  int retries = 0;
  bool preserve_order = true;
  friend bool operator==(const Placement&, const Placement&) = default;
};

/// Where a step runs that has no options.
Placement plain_slot(const RunSettings& settings) {
  Placement placement;
  placement.num_cpus = std::min(k_default_cpus, settings.num_cpus);
  placement.isolation = settings.isolation;
  placement.preserve_order = settings.preserve_order;
  return placement;
}

Status wrong(const std::string& label, const std::string& option, const std::string& rule) {
  return Status(ErrorCode::invalid_argument, label + ": " + option + " " + rule);
}

Status check_values(const StepOptions& options, const std::string& label) {
  if (options.batch_size && *options.batch_size <= 0) {
    return wrong(label, "batch_size", "must be at least 1, but is " + std::to_string(*options.batch_size));
  }
  if (options.num_cpus && !(options.num_cpus->value >= 0)) return wrong(label, "num_cpus", "must not be negative");
  if (options.num_gpus && !(options.num_gpus->value >= 0)) return wrong(label, "num_gpus", "must not be negative");
  if (options.concurrency && *options.concurrency < 1) return wrong(label, "concurrency", "must be at least 1");
  if (options.retries < 0) return wrong(label, "retries", "must not be negative");
  const Pool& pool = options.pool;
  if (pool != Pool{} && (pool.min < 0 || pool.max < 1 || pool.min > pool.max)) {
    return wrong(label, "pool",
                 "must be {min, max} with 0 <= min <= max and max >= 1, but is {" + std::to_string(pool.min) + ", " +
                     std::to_string(pool.max) + "}");
  }
  return {};
}

/// Workers of a class step that was given no pool: one, and more while input queues, up to what the CPUs can run.
Pool default_pool(const Placement& placement, const RunSettings& settings) {
  double most = settings.num_cpus;
  if (placement.num_cpus > 0) most /= placement.num_cpus;
  if (placement.num_gpus > 0) most = std::min(most, settings.num_gpus / placement.num_gpus);
  return {1, std::max(1, static_cast<int>(std::floor(most)))};
}

Result<Placement> place(const StepOptions& options, bool has_state, const RunSettings& settings,
                        const std::string& label) {
  SHOAL_RETURN_IF_ERROR(check_values(options, label));
  const Isolation isolation = options.isolation.value_or(settings.isolation);
  if (isolation == Isolation::processes && !settings.has_processes) {
    return Status(ErrorCode::unsupported,
                  label +
                      ": isolation = processes needs a session with worker processes: "
                      "shoal::Session session(argc, argv, {.processes = n}); or leave isolation at threads");
  }
  Placement placement = plain_slot(settings);
  if (options.num_cpus) placement.num_cpus = options.num_cpus->value;
  placement.num_gpus = options.num_gpus.value_or(0).value;
  placement.concurrency = options.concurrency.value_or(std::numeric_limits<int>::max());
  placement.isolation = isolation;
  placement.retries = options.retries;
  placement.preserve_order = placement.preserve_order && options.preserve_order;
  if (has_state) {
    const bool is_default = options.pool == Pool{};
    placement.pool = is_default ? default_pool(placement, settings) : options.pool;
    if (is_default && options.concurrency) placement.pool->max = *options.concurrency;
  }
  return placement;
}

/// A part of the plan that was to run in processes because the whole run is, not because somebody said so of it, runs in
/// threads where it takes no CPU, as listings do, or holds what only this process has.
template <class Part>
Status settle_isolation(const Part& part, const StepOptions* options, Placement& placement) {
  if (placement.isolation == Isolation::threads) return {};
  const bool was_asked = options != nullptr && options->isolation.has_value();
  const bool is_free = !was_asked && placement.num_cpus == 0;
  const Status shipped = is_free ? Status() : part.ship().status();
  if (is_free || (!was_asked && shipped.code() == ErrorCode::unsupported)) {
    placement.isolation = Isolation::threads;
    return {};
  }
  return shipped;
}

/// Builds the chain of operators, one node after the other from the source on.
class Lowering {
 public:
  explicit Lowering(const RunSettings& settings) : settings_(settings) {}

  Status add(const Node& node) {
    if (const auto* deferred = dynamic_cast<const Deferred*>(&node)) return add_source(node, nullptr, deferred);
    if (auto source = node.source()) return add_source(node, std::move(source), nullptr);
    if (const RowWindow window = node.window(); !window.is_everything()) return add_window(window);
    if (auto step = node.step()) return add_step(node, std::move(step));
    return {};  // a window over everything
  }

  std::vector<PhysicalOperator> finish() {
    for (Draft& draft : drafts_) close(draft);
    announce_batches();
    hold_back_listing();
    std::vector<PhysicalOperator> operators;
    for (Draft& draft : drafts_) operators.push_back(std::move(draft.op));
    return operators;
  }

 private:
  struct Draft {
    PhysicalOperator op;
    Placement placement;
    std::shared_ptr<Pipeline> pipeline;
  };

  /// Tells every pipeline what the next step with a batch size takes at once.
  void announce_batches() {
    std::int64_t batch_rows = 0;
    for (auto draft = drafts_.rbegin(); draft != drafts_.rend(); ++draft) {
      const auto& steps = draft->pipeline->steps;
      const auto batched = std::find_if(steps.begin(), steps.end(),
                                        [](const auto& step) { return step->batch_rows() > 0; });
      if (batched != steps.end()) batch_rows = (*batched)->batch_rows();
      draft->pipeline->batch_rows = batch_rows;
    }
  }

  /// A listing is far cheaper than reading what it lists, and takes its time from the same store: it runs ahead by no
  /// more than the readers take at once.
  void hold_back_listing() {
    Draft& first = drafts_.front();
    if (first.placement.num_cpus > 0 || drafts_.size() == 1) return;
    first.op.queued_blocks_max = std::max(k_listed_blocks_min, static_cast<int>(std::min(settings_.num_cpus, 64.0)));
  }

  Status add_source(const Node& node, std::shared_ptr<const Source> source, const Deferred* deferred) {
    const std::string label = deferred != nullptr ? node.describe() : source->label();
    StepOptions none;
    const StepOptions& options = node.options() == nullptr ? none : *node.options();
    SHOAL_ASSIGN_OR_RETURN(Placement placement, place(options, false, settings_, label));
    if (source != nullptr) SHOAL_RETURN_IF_ERROR(settle_isolation(*source, &options, placement));
    start(placement, label).pipeline->source = std::move(source);
    return {};
  }

  Status add_window(const RowWindow& window) {
    PhysicalOperator& op = drafts_.back().op;
    op.window = compose(op.window, window);
    return {};
  }

  Status add_step(const Node& node, std::shared_ptr<const Step> step) {
    const std::string label = step->label();
    Placement placement = drafts_.back().placement;
    if (node.options() != nullptr) {
      SHOAL_ASSIGN_OR_RETURN(placement, place(*node.options(), step->has_state(), settings_, label));
    }
    const bool windowed = !drafts_.back().op.window.is_everything();
    if (node.options() == nullptr && windowed) {  // it goes with nobody, so it gets a plain slot
      placement = Placement{};
      placement.preserve_order = settings_.preserve_order;
    }
    const Isolation wanted = placement.isolation;
    SHOAL_RETURN_IF_ERROR(settle_isolation(*step, node.options(), placement));
    if (node.options() == nullptr && placement.isolation != wanted) {  // nor with those in processes
      placement = plain_slot(settings_);
      placement.isolation = Isolation::threads;
    }
    const bool fits = settings_.fuse && !windowed && placement == drafts_.back().placement;
    Draft& draft = fits ? drafts_.back() : start(placement, "");
    if (!draft.pipeline->label.empty()) draft.pipeline->label += "+";
    draft.pipeline->label += label;
    draft.pipeline->steps.push_back(std::move(step));
    return {};
  }

  Draft& start(const Placement& placement, const std::string& label) {
    Draft& draft = drafts_.emplace_back();
    draft.placement = placement;
    draft.pipeline = std::make_shared<Pipeline>();
    draft.pipeline->label = label;
    return draft;
  }

  void close(Draft& draft) {
    const RowWindow& window = draft.op.window;
    if (window.length != k_all_rows && window.offset <= k_all_rows - window.length) {
      draft.pipeline->steps.push_back(make_fragment_limit(window.offset + window.length));
    }
    if (!draft.pipeline->steps.empty()) draft.pipeline->steps.push_back(make_block_merge());
    draft.op.num_cpus = draft.placement.num_cpus;
    draft.op.num_gpus = draft.placement.num_gpus;
    draft.op.concurrency = draft.placement.concurrency;
    if (draft.pipeline->has_state()) draft.op.pool = draft.placement.pool;
    draft.op.retries = draft.placement.retries;
    draft.op.preserve_order = draft.placement.preserve_order;
    draft.pipeline->isolation = draft.placement.isolation;
    draft.op.pipeline = draft.pipeline;
  }

  const RunSettings& settings_;
  std::vector<Draft> drafts_;
};

/// The plan but for its source's splits.
Result<PhysicalPlan> lower_chain(const NodePtr& plan, const RunSettings& settings) {
  Lowering lowering(settings);
  for (const NodePtr& node : chain_of(plan)) SHOAL_RETURN_IF_ERROR(lowering.add(*node));
  PhysicalPlan physical{.operators = lowering.finish(),
                        .num_cpus = settings.num_cpus,
                        .num_gpus = settings.num_gpus,
                        .memory_budget = settings.memory_budget,
                        .block_bytes = settings.block_bytes};
  SHOAL_RETURN_IF_ERROR(check_feasible(physical));
  return physical;
}

}  // namespace

Result<std::vector<PhysicalOperator>> lower_operators(const NodePtr& plan, const RunSettings& settings) {
  SHOAL_ASSIGN_OR_RETURN(PhysicalPlan physical, lower_chain(plan, settings));
  return std::move(physical.operators);
}

Result<PhysicalPlan> lower(const NodePtr& plan, const RunSettings& settings) {
  SHOAL_ASSIGN_OR_RETURN(PhysicalPlan physical, lower_chain(plan, settings));
  const Pipeline& first = *physical.operators.front().pipeline;
  SHOAL_ASSIGN_OR_RETURN(physical.source_splits, first.source->split_count(settings.parallelism, settings.block_bytes));
  return physical;
}

}  // namespace shoal::data
