// remedy: write the row's type, [](Digit digit) instead of [](auto digit)
#include <shoal/data.h>

#include <string>
#include <vector>

namespace sd = shoal::data;

sd::Dataset wrong(const sd::Dataset& digits) {
  return digits.map([](auto digit) { return digit; });
}
