#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "shell/worker_threads.h"

namespace shoal::shell {
class Embedded;
class LocalTasks;
}  // namespace shoal::shell
namespace shoal::wire {
struct TaskTemplate;
}

namespace shoal {

/// Something that a local task does, once. Must not throw.
using LocalJob = shell::Job;

/// What a library in this process runs its work on: tasks that are objects of this process, beside all other tasks of the
/// session, with its CPUs. They belong to the task or actor that opened this, else to the program; where there is no session,
/// or its tasks run in worker processes, this has one of its own as long as it lives.
///
/// It ends early when its session does, and when one of its tasks, or what it belongs to, is cancelled: nothing begins any
/// more then. Any thread may call, until the destructor, which takes back what has not begun.
class LocalSession {
 public:
  struct Options {
    /// What its tasks take at most, all together; a session of its own has just that. Where a session has fewer CPUs, each
    /// task takes so much less: as many run at once as would with these.
    double num_cpus = 1;
    double num_gpus = 0;
    /// It ended early; called once, on a thread of no task, perhaps while the destructor runs or after it.
    std::function<void(const Status&)> on_end{};
  };
  /// Error: io, where the system has no thread left.
  static Result<std::unique_ptr<LocalSession>> open(Options options);
  ~LocalSession();
  LocalSession(const LocalSession&) = delete;
  LocalSession& operator=(const LocalSession&) = delete;

  /// What tasks of one name and so many CPUs (before they are scaled, see above) have in common.
  using Kind = std::shared_ptr<const wire::TaskTemplate>;
  Kind kind(const std::string& name, double num_cpus) const;

  /// A task that runs job->run() when there is a CPU for it. Where this has ended it never runs.
  void submit(const Kind& kind, std::shared_ptr<LocalJob> job);
  /// The task that the calling thread runs goes by this kind's name from now on. Precondition: it is a local one of as many
  /// CPUs.
  static void go_on_as(const Kind& kind);
  /// Runs the job at once on a thread of no task: for what nobody else's CPU must be waited for, and takes next to none.
  void post(std::shared_ptr<LocalJob> job);

 private:
  LocalSession(std::unique_ptr<shell::Embedded> own, std::shared_ptr<shell::LocalTasks> tasks,
               std::shared_ptr<shell::LocalTasks> around, std::shared_ptr<shell::WorkerThreads> threads, double scale);

  const std::unique_ptr<shell::Embedded> own_;  // null where there is another
  const std::shared_ptr<shell::LocalTasks> tasks_;
  const std::shared_ptr<shell::LocalTasks>
      around_;  // none, of the session that has worker processes: to hear of its end
  const std::shared_ptr<shell::WorkerThreads> threads_;
  const double scale_;
};

}  // namespace shoal
