// remedy: an actor is called by a pointer to one of its class's member functions
#include <shoal/shoal.h>

class Counter {
 public:
  int value() const;
};
int add(Counter& counter);

auto wrong(const shoal::Actor<Counter>& counter) { return counter.call(add); }
