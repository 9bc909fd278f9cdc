// remedy: the actor's class has no constructor for these arguments
#include <shoal/shoal.h>

#include <string>

class Counter {
 public:
  explicit Counter(int value);
};

auto wrong() { return shoal::spawn<Counter>(std::string("one")); }
