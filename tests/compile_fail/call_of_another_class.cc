// remedy: an actor is called by a pointer to one of its class's member functions
#include <shoal/shoal.h>

class Counter {
 public:
  int value() const;
};
class Clock {
 public:
  int seconds() const;
};

auto wrong(const shoal::Actor<Counter>& counter) { return counter.call(&Clock::seconds); }
