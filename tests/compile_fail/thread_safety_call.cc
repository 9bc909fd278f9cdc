// remedy: requires holding mutex 'mutex_'
// A function that wants the mutex held is called after it was let go of.
#include "base/thread_safety.h"

class Counter {
 public:
  void add() {
    shoal::Lock lock(mutex_);
    add_locked();
    lock.unlock();
    add_locked();
  }

 private:
  void add_locked() REQUIRES(mutex_) { ++value_; }
  shoal::Mutex mutex_;
  int value_ GUARDED_BY(mutex_) = 0;
};

int main() { Counter().add(); }
