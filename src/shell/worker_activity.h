#pragma once

#include <string>
#include <string_view>

#include "base/thread_safety.h"
#include "shell/output/output_marks.h"
#include "shell/running_call.h"
#include "shell/worker_page.h"

namespace shoal::shell {

/// Says what a worker process does to whoever started it: in its page what runs, in its output whose it is.
class WorkerActivity final : public RunObserver {
 public:
  WorkerActivity(WorkerPage page, std::string_view secret) : page_(std::move(page)), marks_(secret) {}

  void on_begin(const owner::Execution& execution) override;
  void on_end(const owner::Execution* below) override;

 private:
  Mutex mutex_;
  WorkerPage page_ GUARDED_BY(mutex_);
  OutputMarks marks_;
  int running_ GUARDED_BY(mutex_) = 0;  // an actor may run several calls at once
  bool is_actor_ GUARDED_BY(mutex_) = false;
};

}  // namespace shoal::shell
