#include "data/engine/data_worker.h"

#include <unistd.h>

#include <utility>

#include "api/exception_payload.h"
#include "data/engine/store_pool.h"
#include "data/io/object_store.h"
#include "data/op/ship.h"

namespace shoal::data {

WorkerAnswer WorkerAnswer::of(const Status& status) {
  WorkerAnswer answer{.code = status.code(), .text = status.text()};
  if (const std::exception_ptr cause = status.cause()) answer.cause = exception_to_payload(cause);
  return answer;
}

Status WorkerAnswer::status() const {
  if (code == ErrorCode::ok) return {};
  return Status(code, text, cause.size() == 0 ? nullptr : exception_of_payload(cause));
}

std::int64_t DataWorker::load(std::uint64_t pipeline, const Payload& packed) {
  auto made = unpack_pipeline(packed).value_or_throw();
  const Lock lock(mutex_);
  pipelines_[pipeline].pipeline = std::move(made);
  return ::getpid();
}

WorkerAnswer DataWorker::make_state(std::uint64_t pipeline) {
  const Loaded found = loaded(pipeline);
  Result<std::unique_ptr<WorkerState>> state = Status(ErrorCode::internal, "no state was made");
  try {
    state = make_worker_state(*found.pipeline);
  } catch (...) { return WorkerAnswer::of(Status::from_current_exception()); }
  if (!state.ok()) return WorkerAnswer::of(state.status());
  const Lock lock(mutex_);
  pipelines_[pipeline].state = std::move(*state);
  return {};
}

WorkerAnswer DataWorker::begin(const FragmentOrder& order, const std::vector<PackedBlock>& inputs) {
  const Loaded found = loaded(order.pipeline);
  std::vector<Rows> rows;
  for (const PackedBlock& input : inputs) {
    Result<Rows> block = unpack_block(input);
    if (!block.ok()) return WorkerAnswer::of(block.status());
    rows.push_back(*std::move(block));
  }
  FragmentSpec spec;
  spec.id = FragmentId{order.id};
  spec.pipeline = found.pipeline;
  spec.ordinal = order.ordinal;
  spec.attempt = order.attempt;
  spec.skip_items = order.skip_items;
  const FragmentRunner::World world{world_.block_bytes, world_.limited, counted_memory_pool(),
                                    &process_storage_clients(), store_memory_pool()};
  auto runner = std::make_shared<FragmentRunner>(spec, std::move(rows), world);
  {
    const Lock lock(mutex_);
    fragments_[order.id] = {runner, found.state};
  }
  return WorkerAnswer::of(found.state == nullptr ? runner->prepare() : Status());
}

WorkerAnswer DataWorker::next(std::uint64_t fragment) {
  const Running found = running(fragment);
  Result<Rows> rows = found.runner->next(found.state.get());
  WorkerAnswer answer = WorkerAnswer::of(rows.status());
  if (rows.ok() && *rows != nullptr) {
    Result<PackedBlock> block = pack_block(*rows);
    if (!block.ok()) {
      answer = WorkerAnswer::of(block.status());
    } else {
      answer.block = *std::move(block);
      answer.has_block = true;
    }
  }
  answer.at_end = !answer.has_block || found.runner->at_end();
  answer.stats = found.runner->stats();
  return answer;
}

void DataWorker::cancel(std::uint64_t fragment) {
  const Lock lock(mutex_);
  const auto found = fragments_.find(fragment);
  if (found != fragments_.end()) found->second.runner->cancel();
}

void DataWorker::forget(std::uint64_t fragment) {
  Running last;  // its streams are freed without the lock
  const Lock lock(mutex_);
  const auto found = fragments_.find(fragment);
  if (found == fragments_.end()) return;
  last = std::move(found->second);
  fragments_.erase(found);
}

DataWorker::Loaded DataWorker::loaded(std::uint64_t pipeline) {
  const Lock lock(mutex_);
  const auto found = pipelines_.find(pipeline);
  if (found == pipelines_.end())
    throw_error(ErrorCode::internal, "a data worker was not sent the pipeline it is to run");
  return found->second;
}

DataWorker::Running DataWorker::running(std::uint64_t fragment) {
  const Lock lock(mutex_);
  const auto found = fragments_.find(fragment);
  if (found == fragments_.end()) throw_error(ErrorCode::internal, "a data worker has no such fragment");
  return found->second;
}

}  // namespace shoal::data
