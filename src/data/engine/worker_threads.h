#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace shoal::data {

/// Something to run once on a worker thread. Must not throw.
class Job {
 public:
  virtual ~Job() = default;
  virtual void run() = 0;
};

/// Threads that run jobs: as many as there are jobs at once, since whoever posts has decided already what may run.
/// A job goes to the thread that went idle last, else to a new one; threads leave after an idle second. Thread-safe.
class WorkerThreads {
 public:
  WorkerThreads();
  /// Waits for the jobs that run; all posted jobs are run.
  ~WorkerThreads();
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;

  void post(std::shared_ptr<Job> job);

  /// While one lives, the first job that its thread posts is kept for that very thread, which runs it next without a
  /// switch. Only as the last act of a job.
  class Handover {
   public:
    Handover();
    ~Handover();
    Handover(const Handover&) = delete;
    Handover& operator=(const Handover&) = delete;
  };

  /// Threads that exist at this moment.
  std::size_t size() const;

 private:
  struct Worker;
  void work(Worker& self);
  std::shared_ptr<Job> next_job(Worker& self);
  void start_worker(std::shared_ptr<Job> job);
  static void join_all(std::vector<std::unique_ptr<Worker>> workers);

  mutable std::mutex mutex_;
  std::condition_variable all_left_;
  std::vector<std::unique_ptr<Worker>> workers_;   // guarded by mutex_, as all below
  std::vector<std::unique_ptr<Worker>> left_;      // have returned, are to be joined
  std::vector<Worker*> idle_;                      // the last one went idle last
  std::deque<std::shared_ptr<Job>> backlog_;       // only when the system has no threads left
  bool stopping_ = false;
};

/// The threads that all embedded engines of this process share.
std::shared_ptr<WorkerThreads> process_worker_threads();

}  // namespace shoal::data
