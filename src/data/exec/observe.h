#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "base/console.h"
#include "base/status.h"
#include "base/thread_safety.h"
#include "data/exec/report.h"
#include "data/exec/run.h"
#include "data/exec/settings.h"

namespace shoal::data {

class Trace;

/// How often a run shows itself.
struct ObserverPace {
  std::chrono::milliseconds first_draw{250};  ///< Runs that are shorter draw nothing.
  std::chrono::milliseconds draw{100};        ///< Between two pictures on a terminal.
  std::chrono::milliseconds line{10'000};     ///< Between two lines elsewhere.
};

/// Shows one run to its user: the plan line, progress, the trace, Ctrl-C. Belongs to whoever consumes the run:
///
///     RunObserver observer(settings, plan_line(plan));    // from here on Ctrl-C is heard
///     auto run = start_run(plan, engine, observer.hooks());
///     observer.attach(run);
///     ... consume, and abort what was written where that failed ...
///     RunReport report = observer.finish(status);
///
/// One thread calls; hooks() may be used by any thread and outlives the observer.
class RunObserver {
 public:
  /// Logs the plan line. Ctrl-C from here on cancels the run, even one that is only attached later.
  RunObserver(const RunSettings& settings, const std::string& plan_line, ObserverPace pace = {},
              Console& console = Console::process());
  /// Finishes as cancelled where nobody has.
  ~RunObserver();
  RunObserver(const RunObserver&) = delete;
  RunObserver& operator=(const RunObserver&) = delete;

  RunHooks hooks() const;
  /// The run to show, and to cancel on Ctrl-C: its consumer then gets `cancelled`. Call once.
  void attach(std::shared_ptr<Run> run);
  /// Stops the run, waits for its user functions, takes progress off the screen, writes the trace, and lets go of the
  /// run. The run's last report; later calls give it again. A trace that cannot be written is a warning. After a run
  /// that went well Ctrl-C is heard until the observer goes: its last rows may be on their way to the consumer.
  RunReport finish(const Status& status);
  /// `cancelled` once Ctrl-C came, also where the run was over already. Any thread.
  Status interrupted() const;

 private:
  class CtrlC;
  void show_until_told();
  void log_end(const Status& status) const;

  const RunSettings settings_;
  const ObserverPace pace_;
  Console& console_;
  const std::shared_ptr<Trace> trace_;  // null where none is wanted
  std::shared_ptr<Run> run_;
  const std::unique_ptr<CtrlC> ctrl_c_;
  RunReport last_report_;
  bool finished_ = false;

  std::thread painter_;
  Mutex mutex_;
  CondVar wake_;
  bool painter_ends_ GUARDED_BY(mutex_) = false;
};

}  // namespace shoal::data
