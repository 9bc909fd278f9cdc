#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

/// Which mutex guards what, for clang to prove (-Wthread-safety); other compilers see nothing. In classes:
///
///     Mutex mutex_;
///     std::deque<Job> jobs_ GUARDED_BY(mutex_);       // read and written with the mutex held only
///     void start_next() REQUIRES(mutex_);             // the caller holds it
///     void stop() EXCLUDES(mutex_);                   // the caller does not
///
/// The analysis does not see into lambdas: a wait is a loop (`while (jobs_.empty()) wake_.wait(lock);`), and a lambda that
/// runs under the lock says so: `[this]() REQUIRES(mutex_) { ... }`. Constructors and destructors are not looked at.
#if defined(__clang__)
#define SHOAL_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define SHOAL_THREAD_ATTRIBUTE(x)
#endif
#define GUARDED_BY(mutex) SHOAL_THREAD_ATTRIBUTE(guarded_by(mutex))
#define REQUIRES(...) SHOAL_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) SHOAL_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace shoal {

/// std::mutex, as clang can follow it. Whoever finds it taken looks a few times more before going to sleep: most locks here are
/// held for less than a switch of threads takes.
class SHOAL_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() SHOAL_THREAD_ATTRIBUTE(acquire_capability()) {
    if (!mutex_.try_lock()) lock_taken();
  }
  void unlock() SHOAL_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  bool try_lock() SHOAL_THREAD_ATTRIBUTE(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  friend class CondVar;
  void lock_taken();
  std::mutex mutex_;
};

/// Holds a mutex until the end of the block; in between it may be let go of and taken again.
class SHOAL_THREAD_ATTRIBUTE(scoped_lockable) Lock {
 public:
  explicit Lock(Mutex& mutex) SHOAL_THREAD_ATTRIBUTE(acquire_capability(mutex)) : mutex_(mutex) { mutex_.lock(); }
  ~Lock() SHOAL_THREAD_ATTRIBUTE(release_capability()) {
    if (holds_) mutex_.unlock();
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  void unlock() SHOAL_THREAD_ATTRIBUTE(release_capability()) {
    holds_ = false;
    mutex_.unlock();
  }
  void lock() SHOAL_THREAD_ATTRIBUTE(acquire_capability()) {
    mutex_.lock();
    holds_ = true;
  }

 private:
  friend class CondVar;
  Mutex& mutex_;
  bool holds_ = true;
};

/// std::condition_variable for a Lock that holds its mutex. Waits end without a reason at times: ask again in a loop.
class CondVar {
 public:
  void wait(Lock& lock) {
    Native native(lock);
    wake_.wait(native.lock);
  }
  /// False where the time came before a notification.
  template <class Clock, class Duration>
  bool wait_until(Lock& lock, std::chrono::time_point<Clock, Duration> time) {
    Native native(lock);
    return wake_.wait_until(native.lock, time) == std::cv_status::no_timeout;
  }
  void notify_one() { wake_.notify_one(); }
  void notify_all() { wake_.notify_all(); }

 private:
  /// The lock as the standard library wants it, for the time of a wait.
  struct Native {
    explicit Native(Lock& held) : lock(held.mutex_.mutex_, std::adopt_lock) {}
    ~Native() { lock.release(); }
    std::unique_lock<std::mutex> lock;
  };
  std::condition_variable wake_;
};

}  // namespace shoal
