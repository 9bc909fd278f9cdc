#include "shell/worker_threads.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

namespace shoal::shell {
namespace {

constexpr auto k_idle_time = std::chrono::seconds(1);
/// Above what a node lets begin (node/limits.h), so that none of that waits for a thread. Beyond it jobs wait for one that
/// ends its job.
constexpr std::size_t k_threads_max = 8192;

}  // namespace

struct WorkerThreads::Worker {
  std::thread thread;
  CondVar wake;
  std::shared_ptr<Job> job;  // handed over by post(); under the pool's mutex
};

WorkerThreads::WorkerThreads(MakeThread make)
    : make_(make ? std::move(make) : [](std::function<void()> body) { return std::thread(std::move(body)); }) {}

WorkerThreads::~WorkerThreads() {
  Lock lock(mutex_);
  stopping_ = true;
  for (const WorkerPtr& worker : idle_) worker->wake.notify_one();
  while (!workers_.empty()) all_left_.wait(lock);
  const auto left = std::move(left_);
  lock.unlock();
  join_all(left);
}

void WorkerThreads::join_all(const std::vector<WorkerPtr>& workers) {
  for (const WorkerPtr& worker : workers) worker->thread.join();
}

std::size_t WorkerThreads::size() const {
  const Lock lock(mutex_);
  return workers_.size();
}

Status WorkerThreads::begin_use() {
  const Lock lock(mutex_);
  try {
    if (workers_.empty()) start_worker(nullptr);
  } catch (const std::system_error& error) {
    return Status(ErrorCode::io, fmt::format("no thread could be made to run a dataset: {}; raise the limit of threads "
                                             "(ulimit -u, or pids.max of the container)",
                                             error.code().message()));
  }
  ++users_;
  return {};
}

void WorkerThreads::end_use() {
  const Lock lock(mutex_);
  if (--users_ > 0) return;
  for (const WorkerPtr& worker : idle_) worker->wake.notify_one();
}

void WorkerThreads::post(std::shared_ptr<Job> job) {
  WorkerPtr woken;
  std::vector<WorkerPtr> left;
  {
    const Lock lock(mutex_);
    left.swap(left_);
    if (!idle_.empty()) {
      woken = std::move(idle_.back());
      idle_.pop_back();
      woken->job = std::move(job);
    } else {
      try {
        start_worker(job);
      } catch (const std::system_error&) {  // no thread to be had: one that exists takes the job
        backlog_.push_back(std::move(job));
      }
    }
  }
  // A thread that is woken while the lock is held would go to sleep again at once, for the lock.
  if (woken != nullptr) woken->wake.notify_one();
  join_all(left);
}

void WorkerThreads::start_worker(std::shared_ptr<Job> job) {
  if (workers_.size() >= k_threads_max) {
    backlog_.push_back(std::move(job));
    return;
  }
  const auto worker = std::make_shared<Worker>();
  worker->job = std::move(job);
  workers_.reserve(workers_.size() + 1);
  worker->thread = make_([this, worker] { work(worker); });
  workers_.push_back(worker);
}

void WorkerThreads::work(const WorkerPtr& self) {
  while (const std::shared_ptr<Job> job = next_job(self)) job->run();
}

void WorkerThreads::leave(const WorkerPtr& self) {
  left_.push_back(self);
  workers_.erase(std::find(workers_.begin(), workers_.end(), self));
  if (workers_.empty()) all_left_.notify_all();
}

/// Null: the thread has left.
std::shared_ptr<Job> WorkerThreads::next_job(const WorkerPtr& self) {
  Lock lock(mutex_);
  if (self->job != nullptr) return std::exchange(self->job, nullptr);
  if (!backlog_.empty()) {
    auto job = std::move(backlog_.front());
    backlog_.pop_front();
    return job;
  }
  if (!stopping_) {
    idle_.push_back(self);
    const auto leaving = std::chrono::steady_clock::now() + k_idle_time;
    const auto has_news = [&]() REQUIRES(mutex_) { return self->job != nullptr || stopping_; };
    while (!has_news() && self->wake.wait_until(lock, leaving)) {}
    while (!has_news() && users_ > 0 && workers_.size() == 1) self->wake.wait(lock);
    if (self->job != nullptr) return std::exchange(self->job, nullptr);
    idle_.erase(std::find(idle_.begin(), idle_.end(), self));
  }
  leave(self);
  return nullptr;
}

std::shared_ptr<WorkerThreads> process_worker_threads() {
  static const auto threads = std::make_shared<WorkerThreads>();
  return threads;
}

}  // namespace shoal::shell
