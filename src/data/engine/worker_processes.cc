#include "data/engine/worker_processes.h"

#include <shoal/api/get.h>
#include <shoal/base/log.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "api/at_home.h"
#include "data/op/ship.h"

namespace shoal::data {
namespace {

bool is_loss(ErrorCode code) {
  return code == ErrorCode::worker_died || code == ErrorCode::actor_died || code == ErrorCode::object_lost ||
         code == ErrorCode::owner_died;
}

/// One code for the loss of a process, whatever the call found gone.
Status loss_or_error(const Status& status) {
  return is_loss(status.code()) ? Status(ErrorCode::worker_died, status.text()) : status;
}

}  // namespace

/// The objects of class steps that live in a worker process: stands for the state of the pipeline's first step.
struct WorkerProcesses::State final : StepState {
  explicit State(WorkerPtr where) : worker(std::move(where)) {}
  const WorkerPtr worker;
};

class WorkerProcesses::Turn {
 public:
  Turn(WorkerProcesses& processes, WorkerPtr worker)
      : processes_(processes), worker_(processes.begin_turn(std::move(worker))) {}
  ~Turn() { processes_.end_turn(*worker_); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  const WorkerPtr& worker() const { return worker_; }

 private:
  WorkerProcesses& processes_;
  const WorkerPtr worker_;
};

/// One fragment in a worker process.
class WorkerProcesses::Fragment final : public FragmentRun {
 public:
  Fragment(std::shared_ptr<WorkerProcesses> processes, const FragmentSpec& spec, std::vector<Rows> inputs)
      : processes_(std::move(processes)),
        pipeline_(spec.pipeline),
        order_{.id = static_cast<std::uint64_t>(spec.id),
               .ordinal = spec.ordinal,
               .attempt = spec.attempt,
               .skip_items = spec.skip_items},
        inputs_(std::move(inputs)) {}
  ~Fragment() override { close(); }

  /// Its process is chosen when it runs.
  Status prepare() override { return {}; }
  Result<Rows> next(WorkerState* worker) override;
  bool at_end() const override { return at_end_; }
  void close() override;
  void cancel() override;
  bool cancelled() const override { return cancelled_.load(); }
  FragmentStats stats() const override { return stats_; }
  bool lost() const override { return lost_; }

 private:
  Status begin(const WorkerPtr& worker);
  Result<Rows> run(const WorkerPtr& worker);
  static Status cancelled_status() { return Status(ErrorCode::cancelled, "the fragment was cancelled"); }

  const std::shared_ptr<WorkerProcesses> processes_;
  std::shared_ptr<const Pipeline> pipeline_;  // null once closed
  FragmentOrder order_;
  std::vector<Rows> inputs_;  // until it has begun
  bool at_end_ = false;
  bool lost_ = false;
  FragmentStats stats_;
  std::atomic<bool> cancelled_{false};
  Mutex mutex_;
  WorkerPtr worker_ GUARDED_BY(mutex_);  // from its begin to its end
};

Result<Rows> WorkerProcesses::Fragment::next(WorkerState* state) {
  if (cancelled()) return cancelled_status();
  const AtHome at_home(processes_->home_);
  WorkerPtr worker;
  {
    const Lock lock(mutex_);
    worker = worker_;
  }
  const bool has_begun = worker != nullptr;
  if (!has_begun && state != nullptr) worker = static_cast<State&>(*state->states.front()).worker;
  try {
    const Turn turn(*processes_, std::move(worker));
    Status status = has_begun ? Status() : begin(turn.worker());
    Result<Rows> rows = status.ok() ? run(turn.worker()) : Result<Rows>(status);
    if (cancelled() && !rows.ok()) return cancelled_status();
    return rows;
  } catch (...) {
    const Status status = Status::from_current_exception();
    const Lock lock(mutex_);
    if (cancelled()) return cancelled_status();
    lost_ = is_loss(status.code());
    if (lost_ && worker_ != nullptr) processes_->remove(worker_);
    return loss_or_error(status);
  }
}

Status WorkerProcesses::Fragment::begin(const WorkerPtr& worker) {
  {
    const Lock lock(mutex_);
    worker_ = worker;
  }
  SHOAL_ASSIGN_OR_RETURN(order_.pipeline, processes_->load(*worker, pipeline_));
  std::vector<PackedBlock> inputs;
  for (const Rows& rows : std::exchange(inputs_, {})) {
    SHOAL_ASSIGN_OR_RETURN(inputs.emplace_back(), pack_block(rows));
  }
  const WorkerAnswer answer = get(worker->actor.call(&DataWorker::begin, order_, inputs));
  return answer.status();
}

Result<Rows> WorkerProcesses::Fragment::run(const WorkerPtr& worker) {
  if (cancelled()) return cancelled_status();  // cancel() may have come before the worker knew of the fragment
  const WorkerAnswer answer = get(worker->actor.call(&DataWorker::next, order_.id));
  stats_ = answer.stats;
  at_end_ = answer.at_end;
  SHOAL_RETURN_IF_ERROR(answer.status());
  return answer.has_block ? unpack_block(answer.block) : Result<Rows>(Rows());
}

void WorkerProcesses::Fragment::cancel() {
  cancelled_ = true;
  const Lock lock(mutex_);
  if (worker_ == nullptr) return;
  const AtHome at_home(processes_->home_);
  try {
    worker_->actor.call(&DataWorker::cancel, order_.id);
  } catch (const std::exception&) {}  // the session has ended, and its processes with it
}

void WorkerProcesses::Fragment::close() {
  pipeline_.reset();
  inputs_.clear();
  const Lock lock(mutex_);
  const WorkerPtr worker = std::exchange(worker_, nullptr);
  if (worker == nullptr || lost_) return;
  const AtHome at_home(processes_->home_);
  try {
    worker->actor.call(&DataWorker::forget, order_.id);
  } catch (const std::exception&) {}  // likewise
}

std::shared_ptr<WorkerProcesses> WorkerProcesses::of_session(const DataWorld& world) {
  shell::OwnerStation* const home = home_with_worker_processes();
  if (home == nullptr) return nullptr;
  return std::shared_ptr<WorkerProcesses>(new WorkerProcesses(*home, world));
}

std::unique_ptr<FragmentRun> WorkerProcesses::open(const FragmentSpec& spec, std::vector<Rows> inputs) {
  return std::make_unique<Fragment>(shared_from_this(), spec, std::move(inputs));
}

Result<std::unique_ptr<WorkerState>> WorkerProcesses::make_state(const std::shared_ptr<const Pipeline>& pipeline) {
  const AtHome at_home(home_);
  try {
    const Turn turn(*this, spawn_worker(true));
    SHOAL_ASSIGN_OR_RETURN(const std::uint64_t number, load(*turn.worker(), pipeline));
    SHOAL_RETURN_IF_ERROR(get(turn.worker()->actor.call(&DataWorker::make_state, number)).status());
    auto state = std::make_unique<WorkerState>();
    state->states.push_back(std::make_unique<State>(turn.worker()));
    return state;
  } catch (...) { return loss_or_error(Status::from_current_exception()); }
}

WorkerProcesses::WorkerPtr WorkerProcesses::spawn_worker(bool is_apart) {
  auto worker = std::make_shared<Worker>();
  worker->actor = spawn<DataWorker>({.threads = 2}, world_);
  worker->is_apart = is_apart;
  return worker;
}

WorkerProcesses::WorkerPtr WorkerProcesses::begin_turn(WorkerPtr worker) {
  Lock lock(mutex_);
  if (worker == nullptr) {
    const auto free = std::find_if(workers_.begin(), workers_.end(),
                                   [](const WorkerPtr& each) { return each->wanted == 0; });
    worker = free != workers_.end() ? *free : workers_.emplace_back(spawn_worker(false));
  }
  ++worker->wanted;
  while (worker->is_busy) turn_over_.wait(lock);
  worker->is_busy = true;
  return worker;
}

void WorkerProcesses::end_turn(Worker& worker) {
  const Lock lock(mutex_);
  worker.is_busy = false;
  --worker.wanted;
  turn_over_.notify_all();
}

void WorkerProcesses::remove(const WorkerPtr& worker) {
  const Lock lock(mutex_);
  workers_.remove(worker);
}

Result<WorkerProcesses::Packed> WorkerProcesses::pack(const std::shared_ptr<const Pipeline>& pipeline) {
  const Lock lock(mutex_);
  Packed& packed = packed_[pipeline.get()];
  if (packed.pipeline == nullptr) {
    SHOAL_ASSIGN_OR_RETURN(const Payload bytes, pack_pipeline(*pipeline));
    packed = {pipeline, ++last_number_, put(bytes)};
  }
  return packed;
}

Result<std::uint64_t> WorkerProcesses::load(Worker& worker, const std::shared_ptr<const Pipeline>& pipeline) {
  SHOAL_ASSIGN_OR_RETURN(const Packed packed, pack(pipeline));
  if (worker.loaded.contains(packed.number)) return packed.number;
  const std::int64_t process = get(worker.actor.call(&DataWorker::load, packed.number, packed.bytes));
  worker.loaded.insert(packed.number);
  log::info("{} runs in worker process {}", pipeline->label, process);
  return packed.number;
}

}  // namespace shoal::data
