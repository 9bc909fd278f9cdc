// remedy: requires holding mutex 'mutex_'
// A guarded member is read without its mutex: clang's analysis, which every check relies on, bites.
#include "base/thread_safety.h"

class Counter {
 public:
  int value() const { return value_; }

 private:
  mutable shoal::Mutex mutex_;
  int value_ GUARDED_BY(mutex_) = 0;
};

int main() { return Counter().value(); }
