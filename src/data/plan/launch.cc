#include "data/plan/launch.h"

#include <algorithm>
#include <span>
#include <utility>

#include <shoal/base/bytes.h>

#include "data/engine/embedded.h"
#include "data/plan/lower.h"
#include "data/rule/rule.h"

namespace shoal::data {
namespace {

/// Below this a run would stall on every block, however much is materialised already.
constexpr std::int64_t k_run_budget_min = 1_MiB;

/// The plan's source, if it keeps blocks between runs.
const HoldsBlocks* holder_in(const NodePtr& plan) {
  return dynamic_cast<const HoldsBlocks*>(chain_of(plan).front().get());
}

bool is_limited(const PhysicalPlan& plan) {
  return std::any_of(plan.operators.begin(), plan.operators.end(),
                     [](const PhysicalOperator& op) { return op.window.length != k_all_rows; });
}

}  // namespace

void RunRecord::begin(const std::shared_ptr<Run>& run) {
  const Lock lock(mutex_);
  running_ = run;
}

void RunRecord::finish(RunReport report) {
  const Lock lock(mutex_);
  running_.reset();
  finished_ = std::move(report);
}

std::optional<RunReport> RunRecord::latest() const {
  std::shared_ptr<Run> running;
  {
    const Lock lock(mutex_);
    running = running_.lock();
    if (running == nullptr) return finished_;
  }
  return running->report();
}

Result<NodePtr> resolve_deferred(const NodePtr& plan, const RunSettings& settings) {
  std::vector<NodePtr> chain = chain_of(plan);
  const auto* deferred = dynamic_cast<const Deferred*>(chain.front().get());
  if (deferred == nullptr) return plan;
  SHOAL_ASSIGN_OR_RETURN(const NodePtr resolved, deferred->resolve(settings));
  return resolve_deferred(rebuild(resolved, std::span(chain).subspan(1)), settings);
}

Result<std::unique_ptr<PlanRun>> PlanRun::start(const NodePtr& plan, const RunSettings& settings,
                                                std::shared_ptr<RunRecord> record) {
  if (dynamic_cast<const Deferred*>(chain_of(plan).front().get()) != nullptr) {
    // Options that cannot run are told before a deferred part of the plan runs.
    SHOAL_RETURN_IF_ERROR(lower_operators(plan, settings).status());
  }
  SHOAL_ASSIGN_OR_RETURN(const NodePtr resolved, resolve_deferred(plan, settings));
  const OptimizedPlan optimized = optimize(resolved);
  RunSettings left = settings;
  const HoldsBlocks* holder = holder_in(optimized.plan);
  if (holder != nullptr) left.memory_budget = std::max(k_run_budget_min, left.memory_budget - holder->held_bytes());
  SHOAL_ASSIGN_OR_RETURN(PhysicalPlan physical, lower(optimized.plan, left));
  EmbeddedOptions options{
      .resources = {.cpus = left.num_cpus, .gpus = left.num_gpus, .memory = left.memory_budget},
      .block_bytes = left.block_bytes,
      .limited = is_limited(physical),
      .pool = nullptr,
      .storage = nullptr,
  };
  SHOAL_ASSIGN_OR_RETURN(auto engine, make_embedded_engine(options));
  auto observer = std::make_unique<RunObserver>(left, plan_line(physical));
  SHOAL_ASSIGN_OR_RETURN(std::shared_ptr<Run> run,
                         start_run(std::move(physical), std::move(engine), observer->hooks()));
  observer->attach(run);
  return std::unique_ptr<PlanRun>(new PlanRun(std::move(run), std::move(observer), std::move(record),
                                              holder == nullptr ? 0 : holder->spilled_bytes()));
}

PlanRun::PlanRun(std::shared_ptr<Run> run, std::unique_ptr<RunObserver> observer, std::shared_ptr<RunRecord> record,
                 std::int64_t spilled_bytes)
    : run_(std::move(run)), observer_(std::move(observer)), record_(std::move(record)), spilled_bytes_(spilled_bytes) {
  if (record_ != nullptr) record_->begin(run_);
}

Result<Run::Delivered> PlanRun::next() {
  auto block = run_->next();
  if (Status interrupted = observer_->interrupted(); !interrupted.ok()) block = std::move(interrupted);
  if (!block.ok() || block->rows == nullptr) observer_->finish(block.status());
  return block;
}

PlanRun::~PlanRun() {
  RunReport report = observer_->finish(Status(ErrorCode::cancelled, "the consumer left before the end"));
  if (record_ == nullptr) return;
  report.spilled_bytes += spilled_bytes_;
  if (consumer_wait_ns_ >= 0) report.consumer_wait_ns = consumer_wait_ns_;
  record_->finish(std::move(report));
}

}  // namespace shoal::data
