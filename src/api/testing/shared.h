#pragma once

#include <semaphore.h>

#include <atomic>

namespace shoal::testing {

/// std::counting_semaphore, for threads of several processes.
class SharedSemaphore {
 public:
  SharedSemaphore() { ::sem_init(&semaphore_, 1, 0); }
  SharedSemaphore(const SharedSemaphore&) = delete;
  SharedSemaphore& operator=(const SharedSemaphore&) = delete;

  void acquire() {
    while (::sem_wait(&semaphore_) != 0) {}  // a signal came
  }
  bool try_acquire() { return ::sem_trywait(&semaphore_) == 0; }
  void release() { ::sem_post(&semaphore_); }

 private:
  sem_t semaphore_;
};

/// What a test shares with its tasks, wherever they run.
struct Shared {
  SharedSemaphore gate, begun;
  std::atomic<int> count{0}, most{0};
};

/// In memory that worker processes of the test program map, too. As new in each test.
Shared& shared();

/// For whoever begins a test, before there are workers.
void renew_shared();

}  // namespace shoal::testing
