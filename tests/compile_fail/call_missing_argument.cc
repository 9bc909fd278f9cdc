// remedy: the number of arguments differs from what the function takes
#include <shoal/shoal.h>

class Counter {
 public:
  int add(int n);
};

auto wrong(const shoal::Actor<Counter>& counter) { return counter.call(&Counter::add); }
