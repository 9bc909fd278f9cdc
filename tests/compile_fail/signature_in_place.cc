// remedy: take them by value or const reference and return the result
#include <shoal/data.h>

#include <string>
#include <vector>

namespace sd = shoal::data;

struct Digit {
  std::string path;
  std::int64_t label = -1;
};

void label(Digit& digit) { digit.label = 1; }

sd::Dataset wrong(const sd::Dataset& digits) { return digits.map(label); }
