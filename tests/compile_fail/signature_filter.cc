// remedy: filter needs a function that returns bool
#include <shoal/data.h>

#include <string>
#include <vector>

namespace sd = shoal::data;

struct Digit {
  std::string path;
  std::int64_t label = -1;
};

sd::Dataset wrong(const sd::Dataset& digits) {
  return digits.filter([](const Digit& digit) { return digit.path; });
}
