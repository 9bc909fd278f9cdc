// remedy: an argument does not fit its parameter
#include <shoal/shoal.h>

#include <string>

auto wrong() {
  return shoal::submit([](auto a, int b) { return a + b; }, 1, std::string("two"));
}
