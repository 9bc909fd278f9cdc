#pragma once

#include <shoal/shell/task_call.h>

#include <optional>
#include <span>
#include <vector>

#include "shell/owner_station.h"

namespace shoal::shell {

/// Of a worker process: told what its threads run, on those. One at most; set before anything runs, and never taken away.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void on_begin(const owner::Execution& execution) = 0;
  /// Before anybody hears of the end. `below`: what the thread goes on with; null = nothing.
  virtual void on_end(const owner::Execution* below) = 0;
};
void observe_runs(RunObserver& observer);

/// One execution on the thread that runs it, which knows of it as long as it lives.
class RunningCall final : public detail::TaskCall {
 public:
  RunningCall(OwnerStation& home, owner::Execution execution, bool wants_next, Time begin);
  ~RunningCall();
  RunningCall(const RunningCall&) = delete;
  RunningCall& operator=(const RunningCall&) = delete;

  /// The innermost of the calling thread; null where it runs none.
  static RunningCall* of_this_thread();
  /// How many the calling thread runs on top of each other.
  static int depth();

  OwnerStation& home() const { return home_; }
  const owner::Execution& execution() const { return execution_; }
  bool is_cancelled() const;
  /// Of a local task: it goes by the name of another, whose template lives as long as the process.
  void go_on_as(const wire::TaskTemplate& what);

  /// What of its inputs lies in the store is in memory, and stays there until it is over. Throws what OwnerStation::pin throws.
  void pin_inputs();

  const Payload& arguments() const override { return execution_.arguments; }
  std::span<const Payload> resolved() const override { return execution_.resolved; }
  void* actor() override;
  void hold(std::shared_ptr<void> actor) override;
  detail::Handle open(const ObjectId& id) override;
  void done(std::vector<Payload> results) override;
  bool yield(Payload item) override;

  /// The function threw: call inside the catch block.
  void failed();
  /// Once it is over: what is to be run next, and when it began to be.
  std::optional<owner::Execution> take_next() { return std::move(next_); }
  Time end() const { return end_; }

 private:
  void stop_clock();

  OwnerStation& home_;
  owner::Execution execution_;
  const bool wants_next_;
  const Time begin_;
  Time end_ = 0;
  RunningCall* const below_;
  bool over_ = false;
  std::optional<owner::Execution> next_;
};

/// What came of running something: the next one, and the time.
struct Ran {
  std::optional<owner::Execution> next;
  Time end = 0;
};
/// Runs it to its end, from `begin` = now on; gives the next one of `home`, where `wants_next` and there is one.
Ran run(OwnerStation& home, owner::Execution execution, bool wants_next, Time begin);

}  // namespace shoal::shell
