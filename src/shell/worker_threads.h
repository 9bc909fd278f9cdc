#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/thread_safety.h"

namespace shoal::shell {

/// Something to run once on a worker thread. Must not throw.
class Job {
 public:
  virtual ~Job() = default;
  virtual void run() = 0;
};

/// A function as a job.
class FunctionJob final : public Job {
 public:
  explicit FunctionJob(std::function<void()> function) : function_(std::move(function)) {}
  void run() override { function_(); }

 private:
  const std::function<void()> function_;
};

/// Threads that run jobs: as many as there are jobs at once, since whoever posts has decided already what may run.
/// A job goes to the thread that went idle last, else to a new one; threads leave after an idle second, but for one
/// while anybody uses them. Thread-safe.
class WorkerThreads {
 public:
  /// Makes a thread that runs the function; throws std::system_error where there is none to be had.
  using MakeThread = std::function<std::thread(std::function<void()>)>;
  explicit WorkerThreads(MakeThread make = {});
  /// Waits for the jobs that run; all posted jobs are run.
  ~WorkerThreads();
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;

  /// From here to end_use() one thread at least exists, so that every job runs, even where the system has no more
  /// threads. Error: io, where not one is to be had.
  Status begin_use();
  void end_use();
  /// Between begin_use() and end_use().
  void post(std::shared_ptr<Job> job);

  /// Threads that exist at this moment.
  std::size_t size() const;

 private:
  struct Worker;
  using WorkerPtr = std::shared_ptr<Worker>;  // shared with whoever wakes it, which happens without the lock
  void work(const WorkerPtr& self);
  std::shared_ptr<Job> next_job(const WorkerPtr& self);
  void start_worker(std::shared_ptr<Job> job) REQUIRES(mutex_);
  void leave(const WorkerPtr& self) REQUIRES(mutex_);
  static void join_all(const std::vector<WorkerPtr>& workers);

  const MakeThread make_;
  mutable Mutex mutex_;
  CondVar all_left_;
  std::vector<WorkerPtr> workers_ GUARDED_BY(mutex_);
  std::vector<WorkerPtr> left_ GUARDED_BY(mutex_);               // are to be joined
  std::vector<WorkerPtr> idle_ GUARDED_BY(mutex_);               // the last one went idle last
  std::deque<std::shared_ptr<Job>> backlog_ GUARDED_BY(mutex_);  // only when the system has no threads left
  int users_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
};

/// The threads that all embedded engines of this process share.
std::shared_ptr<WorkerThreads> process_worker_threads();

}  // namespace shoal::shell
