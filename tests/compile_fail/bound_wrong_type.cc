// remedy: a bound argument does not convert to the function's parameter
#include <shoal/data.h>

#include <string>
#include <vector>

namespace sd = shoal::data;

struct Digit {
  std::string path;
  std::int64_t label = -1;
};

Digit label(Digit digit, std::int64_t shift) {
  digit.label += shift;
  return digit;
}

sd::Dataset wrong(const sd::Dataset& digits) { return digits.map(label, {}, "seven"); }
