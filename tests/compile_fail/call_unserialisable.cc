// remedy: the function takes a type that cannot travel to another process
#include <shoal/shoal.h>

#include <functional>

class Counter {
 public:
  int change(const std::function<int(int)>& how);
};

auto wrong(const shoal::Actor<Counter>& counter) {
  return counter.call(&Counter::change, [](int n) { return n + 1; });
}
