#include "shell/worker_activity.h"

#include "shell/pump.h"

namespace shoal::shell {
namespace {

RunsNow as_now(const owner::Execution& execution) {
  return {.task = execution.what->name, .is_retriable = is_run_again_if_lost(execution), .since = now()};
}

}  // namespace

/// What an actor writes goes by the actor's name: its process is its own, and several of its calls may run at once.
void WorkerActivity::on_begin(const owner::Execution& execution) {
  const Lock lock(mutex_);
  ++running_;
  page_.write(as_now(execution));
  if (!is_actor_) marks_.set(execution.what->name);
  is_actor_ = is_actor_ || execution.role == owner::Role::constructor;
}

void WorkerActivity::on_end(const owner::Execution* below) {
  OutputMarks::flush();
  const Lock lock(mutex_);
  if (--running_ == 0) return page_.write({});
  if (below == nullptr) return;
  page_.write(as_now(*below));
  if (!is_actor_) marks_.set(below->what->name);
}

}  // namespace shoal::shell
