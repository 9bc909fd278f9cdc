// remedy: a member function needs its object: make an actor with spawn<T>() and call() it
#include <shoal/shoal.h>

class Counter {
 public:
  int add(int n);
};

auto wrong(Counter& counter) { return shoal::submit(&Counter::add, counter, 1); }
