// remedy: an argument of the actor's constructor cannot travel to another process
#include <shoal/shoal.h>

class Counter {
 public:
  explicit Counter(int* value);
};

auto wrong(int* value) { return shoal::spawn<Counter>(value); }
