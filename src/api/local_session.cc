#include "api/local_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "api/current_session.h"
#include "base/thread_safety.h"
#include "shell/embedded.h"
#include "shell/local_tasks.h"
#include "shell/machine.h"
#include "shell/running_call.h"
#include "wire/resources.h"

namespace shoal {
namespace {

/// All kinds that were ever asked for: cores know them by their address and keep them.
struct Kinds {
  Mutex mutex;
  std::map<std::pair<std::string, std::int64_t>, LocalSession::Kind> known GUARDED_BY(mutex);
};

LocalSession::Kind find_or_make(const std::string& name, std::int64_t cpu) {
  static Kinds kinds;
  const Lock lock(kinds.mutex);
  LocalSession::Kind& kind = kinds.known[{name, cpu}];
  if (kind == nullptr) {
    wire::TaskTemplate what;
    what.name = name;
    what.resources.cpu = cpu;
    what.apart = true;
    kind = std::make_shared<const wire::TaskTemplate>(std::move(what));
  }
  return kind;
}

std::int64_t to_units(double amount) { return static_cast<std::int64_t>(amount * static_cast<double>(wire::k_one)); }

/// Of the run that opens it; none where that is the program itself.
std::optional<owner::RunKey> run_of_this_thread() {
  const shell::RunningCall* const call = shell::RunningCall::of_this_thread();
  if (call == nullptr) return std::nullopt;
  return owner::RunKey{call->execution().task, call->execution().attempt};
}

/// What a run declares may be pretended; beyond these a session of its own has no more, and its tasks take less.
constexpr double k_own_cpus_max = 100'000, k_own_gpus_max = 1000;

std::unique_ptr<shell::Embedded> make_own(const LocalSession::Options& options) {
  shell::Embedded::Options embedded;
  embedded.total.cpu = std::max<std::int64_t>(1, to_units(std::min(options.num_cpus, k_own_cpus_max)));
  embedded.total.gpu = to_units(std::floor(std::min(options.num_gpus, k_own_gpus_max)));
  embedded.host = shell::host_name();
  return std::make_unique<shell::Embedded>(embedded);
}

}  // namespace

Result<std::unique_ptr<LocalSession>> LocalSession::open(Options options) {
  auto threads = shell::process_worker_threads();
  SHOAL_RETURN_IF_ERROR(threads->begin_use());
  std::optional<owner::RunKey> parent = run_of_this_thread();
  // Where tasks run in other processes, what is an object of this one needs a session of its own.
  const bool has_session_around = parent || has_session();
  const bool has_home = has_session_around && home_of_this_thread().runs_tasks_in_this_process();
  if (!has_home) parent.reset();
  std::unique_ptr<shell::Embedded> own;
  try {
    if (!has_home) own = make_own(options);
  } catch (const std::system_error& error) {
    threads->end_use();
    return Status(ErrorCode::io, fmt::format("no thread could be made to run a dataset: {}; raise the limit of threads "
                                             "(ulimit -u, or pids.max of the container)",
                                             error.code().message()));
  }
  shell::OwnerStation& home = own != nullptr ? own->driver() : home_of_this_thread();
  const auto there = static_cast<double>(home.node_total().cpu) / static_cast<double>(wire::k_one);
  const double scale = std::min(1.0, there / options.num_cpus);
  auto tasks = shell::LocalTasks::make(home, parent, options.on_end);
  std::shared_ptr<shell::LocalTasks> around;
  if (has_session_around && !has_home) {
    const auto end = [weak = std::weak_ptr(tasks), on_end = std::move(options.on_end)](const Status& why) {
      if (const auto alive = weak.lock()) alive->end();
      on_end(why);
    };
    around = shell::LocalTasks::make(home_of_this_thread(), std::nullopt, end);
  }
  return std::unique_ptr<LocalSession>(
      new LocalSession(std::move(own), std::move(tasks), std::move(around), std::move(threads), scale));
}

LocalSession::LocalSession(std::unique_ptr<shell::Embedded> own, std::shared_ptr<shell::LocalTasks> tasks,
                           std::shared_ptr<shell::LocalTasks> around, std::shared_ptr<shell::WorkerThreads> threads,
                           double scale)
    : own_(std::move(own)),
      tasks_(std::move(tasks)),
      around_(std::move(around)),
      threads_(std::move(threads)),
      scale_(scale) {}

LocalSession::~LocalSession() {
  if (around_ != nullptr) around_->end();
  tasks_->end();
  threads_->end_use();
}

LocalSession::Kind LocalSession::kind(const std::string& name, double num_cpus) const {
  // Rounded down, so that those that are to run at once fit together.
  const std::int64_t cpu = num_cpus <= 0 ? 0 : std::max<std::int64_t>(1, to_units(num_cpus * scale_ + 1e-9));
  return find_or_make(name, cpu);
}

void LocalSession::submit(const Kind& kind, std::shared_ptr<LocalJob> job) { tasks_->submit(kind, std::move(job)); }

void LocalSession::go_on_as(const Kind& kind) {
  shell::RunningCall* const call = shell::RunningCall::of_this_thread();
  if (call->execution().what != kind.get()) call->go_on_as(*kind);
}

void LocalSession::post(std::shared_ptr<LocalJob> job) { threads_->post(std::move(job)); }

}  // namespace shoal
