// compiles
// What the analysis must let pass: waits, locks that are let go of and taken again, lambdas that say what they need.
#include "base/thread_safety.h"

class Counter {
 public:
  void add() EXCLUDES(mutex_) {
    shoal::Lock lock(mutex_);
    add_locked();
    const auto twice = [this]() REQUIRES(mutex_) { ++value_; };
    twice();
    lock.unlock();
    changed_.notify_all();
    lock.lock();
    ++value_;
  }
  int wait() {
    shoal::Lock lock(mutex_);
    while (value_ < 3) changed_.wait(lock);
    return value_;
  }

 private:
  void add_locked() REQUIRES(mutex_) { ++value_; }
  shoal::Mutex mutex_;
  shoal::CondVar changed_;
  int value_ GUARDED_BY(mutex_) = 0;
};

int main() {
  Counter counter;
  counter.add();
  return counter.wait() == 3 ? 0 : 1;
}
