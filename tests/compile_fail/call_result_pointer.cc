// remedy: the function returns a type that cannot travel to another process
#include <shoal/shoal.h>

class Counter {
 public:
  const int* place() const;
};

auto wrong(const shoal::Actor<Counter>& counter) { return counter.call(&Counter::place); }
