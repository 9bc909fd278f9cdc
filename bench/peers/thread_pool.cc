// What C++ programs do today for tasks in one process: a pool of threads with one queue, and futures. Prints one JSON line.
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

class ThreadPool {
 public:
  explicit ThreadPool(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
  }
  ~ThreadPool() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  template <class F>
  auto submit(F f) {
    std::packaged_task<decltype(f())()> task(std::move(f));
    auto result = task.get_future();
    {
      const std::lock_guard lock(mutex_);
      queue_.emplace_back([task = std::make_shared<decltype(task)>(std::move(task))] { (*task)(); });
    }
    wake_.notify_one();
    return result;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      const std::function<void()> next = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      next();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

double add(int a, double b) { return a + b; }

}  // namespace

int main(int argc, char** argv) {
  const std::string line = argc == 3 ? argv[1] : "";
  const std::int64_t count = argc == 3 ? std::atoll(argv[2]) : 0;
  ThreadPool pool(2);
  const auto start = Clock::now();
  double total = 0;
  if (line == "bulk") {
    std::vector<std::future<double>> results;
    for (std::int64_t i = 0; i < count; ++i) {
      results.push_back(pool.submit([i] { return add(static_cast<int>(i), 2.0); }));
    }
    for (std::future<double>& result : results) total += result.get();
  } else if (line == "sync") {
    for (std::int64_t i = 0; i < count; ++i) {
      total += pool.submit([i] { return add(static_cast<int>(i), 2.0); }).get();
    }
  } else {
    std::fprintf(stderr, "usage: peer_thread_pool bulk|sync COUNT\n");
    return 2;
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const double value = line == "bulk" ? static_cast<double>(count) / seconds
                                      : seconds / static_cast<double>(count) * 1e6;
  std::printf("{\"value\": %.6f, \"checked\": %g}\n", value, total);
}
