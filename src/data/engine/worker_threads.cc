#include "data/engine/worker_threads.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

namespace shoal::data {
namespace {

constexpr auto k_idle_time = std::chrono::seconds(1);
/// Far above what any run declares; beyond it jobs wait for a thread that ends its job.
constexpr std::size_t k_threads_max = 1024;

}  // namespace

struct WorkerThreads::Worker {
  std::thread thread;
  std::condition_variable wake;
  std::shared_ptr<Job> job;        // handed over by post(); guarded by the pool's mutex
  std::shared_ptr<Job> own_next;   // of this thread alone
  WorkerThreads* pool = nullptr;
  bool handing_over = false;       // of this thread alone
};

namespace {
thread_local void* t_worker = nullptr;   // the Worker that this thread is
}

WorkerThreads::Handover::Handover() {
  if (t_worker != nullptr) static_cast<Worker*>(t_worker)->handing_over = true;
}

WorkerThreads::Handover::~Handover() {
  if (t_worker != nullptr) static_cast<Worker*>(t_worker)->handing_over = false;
}

WorkerThreads::WorkerThreads() = default;

WorkerThreads::~WorkerThreads() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  for (Worker* worker : idle_) worker->wake.notify_one();
  all_left_.wait(lock, [this] { return workers_.empty(); });
  auto left = std::move(left_);
  lock.unlock();
  join_all(std::move(left));
}

void WorkerThreads::join_all(std::vector<std::unique_ptr<Worker>> workers) {
  for (auto& worker : workers) worker->thread.join();
}

std::size_t WorkerThreads::size() const {
  const std::lock_guard lock(mutex_);
  return workers_.size();
}

void WorkerThreads::post(std::shared_ptr<Job> job) {
  auto* self = static_cast<Worker*>(t_worker);
  if (self != nullptr && self->pool == this && self->handing_over && self->own_next == nullptr) {
    self->own_next = std::move(job);
    return;
  }
  std::vector<std::unique_ptr<Worker>> left;
  {
    const std::lock_guard lock(mutex_);
    left.swap(left_);
    if (!idle_.empty()) {
      Worker* worker = idle_.back();
      idle_.pop_back();
      worker->job = std::move(job);
      worker->wake.notify_one();
    } else {
      start_worker(std::move(job));
    }
  }
  join_all(std::move(left));
}

void WorkerThreads::start_worker(std::shared_ptr<Job> job) {
  if (workers_.size() >= k_threads_max) {
    backlog_.push_back(std::move(job));
    return;
  }
  auto worker = std::make_unique<Worker>();
  worker->pool = this;
  worker->job = job;
  try {
    worker->thread = std::thread([this, self = worker.get()] { work(*self); });
  } catch (const std::system_error&) {
    // No thread to be had: one that exists takes the job. Without any, the error is the caller's.
    if (workers_.empty()) throw;
    backlog_.push_back(std::move(job));
    return;
  }
  workers_.push_back(std::move(worker));
}

void WorkerThreads::work(Worker& self) {
  t_worker = &self;
  while (const std::shared_ptr<Job> job = next_job(self)) job->run();
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(workers_.begin(), workers_.end(), [&](const auto& each) { return each.get() == &self; });
  left_.push_back(std::move(*at));
  workers_.erase(at);
  if (workers_.empty()) all_left_.notify_all();
}

std::shared_ptr<Job> WorkerThreads::next_job(Worker& self) {
  if (self.own_next != nullptr) return std::exchange(self.own_next, nullptr);
  std::unique_lock lock(mutex_);
  if (self.job != nullptr) return std::exchange(self.job, nullptr);
  if (!backlog_.empty()) {
    auto job = std::move(backlog_.front());
    backlog_.pop_front();
    return job;
  }
  if (stopping_) return nullptr;
  idle_.push_back(&self);
  const auto leaving = std::chrono::steady_clock::now() + k_idle_time;
  self.wake.wait_until(lock, leaving, [&] { return self.job != nullptr || stopping_; });
  if (self.job != nullptr) return std::exchange(self.job, nullptr);
  idle_.erase(std::find(idle_.begin(), idle_.end(), &self));
  return nullptr;
}

std::shared_ptr<WorkerThreads> process_worker_threads() {
  static const auto threads = std::make_shared<WorkerThreads>();
  return threads;
}

}  // namespace shoal::data
