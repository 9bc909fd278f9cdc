// remedy: options of an actor are ActorOptions and stand before the arguments
#include <shoal/shoal.h>

class Counter {
 public:
  explicit Counter(int value);
};

auto wrong() { return shoal::spawn<Counter>(shoal::TaskOptions{.num_cpus = 1}, 1); }
