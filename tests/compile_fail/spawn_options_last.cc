// remedy: options of an actor are ActorOptions and stand before the arguments
#include <shoal/shoal.h>

class Counter {
 public:
  explicit Counter(int value);
};

auto wrong() { return shoal::spawn<Counter>(1, shoal::ActorOptions{.name = "one"}); }
