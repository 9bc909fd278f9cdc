#include "data/exec/observe.h"

#include <shoal/base/bytes.h>
#include <shoal/base/log.h>

#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "base/interrupt.h"
#include "data/exec/figures.h"
#include "data/exec/progress.h"
#include "data/exec/trace.h"

namespace shoal::data {
namespace {

constexpr std::int64_t k_worth_a_line_ns = 1'000'000'000;  // shorter runs end without a line of their own

}  // namespace

/// What Ctrl-C does to the run. The registration stands before the run does: a user function that runs already must
/// not find the program without it.
class RunObserver::CtrlC {
 public:
  void attach(std::shared_ptr<Run> run) {
    const Lock lock(mutex_);
    run_ = std::move(run);
    if (came_) run_->cancel(status());
  }
  void stop_listening() { registration_.reset(); }
  Status status() const { return came_ ? Status(ErrorCode::cancelled, "the run was cancelled by Ctrl-C") : Status(); }

 private:
  void interrupt() {
    const Lock lock(mutex_);
    came_ = true;
    if (run_ != nullptr) run_->cancel(status());
  }
  std::vector<std::string> still_running() {
    const Lock lock(mutex_);
    return run_ == nullptr ? std::vector<std::string>() : run_->running_labels();
  }

  Mutex mutex_;
  std::shared_ptr<Run> run_ GUARDED_BY(mutex_);
  std::atomic<bool> came_ = false;
  std::optional<InterruptRegistration> registration_{InterruptCallbacks{
      .interrupt = [this] { interrupt(); },
      .still_running = [this] { return still_running(); },
  }};
};

RunObserver::RunObserver(const RunSettings& settings, const std::string& plan_line, ObserverPace pace, Console& console)
    : settings_(settings),
      pace_(pace),
      console_(console),
      trace_(settings.trace_path.empty() ? nullptr : std::make_shared<Trace>()),
      ctrl_c_(std::make_unique<CtrlC>()) {
  if (settings_.verbosity == Verbosity::quiet) return;
  log::info("Executing {}{}{}", settings_.name, settings_.name.empty() ? "" : ": ", plan_line);
}

RunObserver::~RunObserver() { finish(Status(ErrorCode::cancelled, "the consumer of the run went away")); }

RunHooks RunObserver::hooks() const {
  RunHooks hooks;
  if (trace_ != nullptr) {
    hooks.on_fragment = [trace = trace_](const FragmentTrace& fragment) { trace->add(fragment); };
  }
  return hooks;
}

void RunObserver::attach(std::shared_ptr<Run> run) {
  run_ = std::move(run);
  ctrl_c_->attach(run_);
  if (settings_.progress && settings_.verbosity != Verbosity::quiet)
    painter_ = std::thread([this] { show_until_told(); });
}

void RunObserver::show_until_told() {
  const bool is_terminal = console_.is_terminal();
  std::optional<Console::Status> status;
  Lock lock(mutex_);
  auto next = std::chrono::steady_clock::now() + (is_terminal ? pace_.first_draw : pace_.line);
  while (!painter_ends_) {
    if (wake_.wait_until(lock, next) || painter_ends_) continue;
    lock.unlock();
    const RunReport report = run_->report();
    const bool is_verbose = settings_.verbosity == Verbosity::verbose;
    if (is_terminal) {
      if (!status) status.emplace(console_);
      status->show(render_progress(report, {.width = console_.size().columns,
                                            .verbose = is_verbose,
                                            .colour = console_.has_colour(),
                                            .utf8 = locale_is_utf8()}));
    } else {
      log::info("{}", progress_line(report, is_verbose));
    }
    lock.lock();
    next = std::chrono::steady_clock::now() + (is_terminal ? pace_.draw : pace_.line);
  }
}

Status RunObserver::interrupted() const { return ctrl_c_->status(); }

RunReport RunObserver::finish(const Status& status) {
  if (std::exchange(finished_, true)) return last_report_;
  if (run_ == nullptr) {
    ctrl_c_->stop_listening();
    return last_report_;
  }
  // Progress stays on the screen while user functions are waited for, and goes before anything else is said.
  run_->stop();
  {
    const Lock lock(mutex_);
    painter_ends_ = true;
  }
  wake_.notify_all();
  if (painter_.joinable()) painter_.join();
  if (!status.ok()) ctrl_c_->stop_listening();
  last_report_ = run_->report();
  run_.reset();
  if (trace_ != nullptr) {
    const Status written = trace_->write(settings_.trace_path, last_report_);
    if (!written.ok()) log::warn("{}", written.text());
  }
  log_end(status);
  return last_report_;
}

void RunObserver::log_end(const Status& status) const {
  const bool is_short = last_report_.wall_ns < k_worth_a_line_ns;
  if (settings_.verbosity == Verbosity::quiet || is_short || !status.ok()) return;
  const std::int64_t spilled = last_report_.spilled_bytes;
  log::info("Finished in {}: {} rows{}{}", format_duration(last_report_.wall_ns),
            format_grouped(last_report_.rows_delivered), spilled > 0 ? ", spilled " : "",
            spilled > 0 ? format_bytes(spilled) : std::string());
}

}  // namespace shoal::data
