#pragma once

#include <shoal/shell/handle.h>
#include <shoal/wire/payload.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/status.h"
#include "base/thread_safety.h"
#include "owner/runs.h"
#include "shell/owner_station.h"
#include "shell/worker_threads.h"
#include "wire/task.h"

namespace shoal::shell {

/// Tasks of one station that never leave this process: an object of this process in the place of a function and its
/// arguments. Their template says name and resources, and no function. Whoever has this submits as many as it likes, until
/// this ends: by end(), when its station stops, or when one of its tasks is cancelled. Then none begins any more; those that
/// run go on.
///
/// Shared with its station and its tasks. Any thread may call what is public.
class LocalTasks final : public StopListener, public std::enable_shared_from_this<LocalTasks> {
 public:
  /// `parent`: the run of `home` to which these tasks belong: a recursive cancel of it reaches them. `on_end`: called once,
  /// on a thread of the pool, where this ended otherwise than by end(). The pool is in use until end().
  static std::shared_ptr<LocalTasks> make(OwnerStation& home, std::optional<owner::RunKey> parent,
                                          std::function<void(const Status&)> on_end);
  ~LocalTasks() override;
  LocalTasks(const LocalTasks&) = delete;
  LocalTasks& operator=(const LocalTasks&) = delete;

  /// job->run() is the task. Where this has ended it never runs.
  void submit(const std::shared_ptr<const wire::TaskTemplate>& what, std::shared_ptr<Job> job);
  /// Takes back what has not begun. The last call of whoever made this; `on_end` may be running still.
  void end() { end(nullptr); }

  /// A local task, on the thread that runs it.
  static void run(const Payload& arguments);

 private:
  class Ticket;
  struct Name;
  using TicketPtr = std::shared_ptr<Ticket>;

  LocalTasks(OwnerStation& home, std::optional<owner::RunKey> parent, std::function<void(const Status&)> on_end);
  void on_stop() override;
  void on_cancelled();
  /// With a text on_end is told.
  void end(const char* why);
  TicketPtr begin(std::uint64_t number);
  void take_back(Ticket& ticket);

  OwnerStation& home_;
  const std::optional<owner::RunKey> parent_;
  const std::function<void(const Status&)> on_end_;
  const std::uint64_t number_;

  Mutex mutex_;
  bool ended_ GUARDED_BY(mutex_) = false;
  detail::Handle keeps_home_ GUARDED_BY(mutex_);  // until this ends: it would leave while it has nothing to do
  std::uint64_t last_ticket_ GUARDED_BY(mutex_) = 0;
  std::map<std::uint64_t, TicketPtr> waiting_ GUARDED_BY(mutex_);  // have not begun
};

}  // namespace shoal::shell
