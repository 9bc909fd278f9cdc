// remedy: every member of a row must be a column
#include <shoal/data.h>

#include <utility>
#include <vector>

namespace sd = shoal::data;

struct Digit {
  std::int64_t label = -1;
};

struct Wrong {
  std::pair<int, int> place;
};

sd::Dataset wrong(const sd::Dataset& digits) {
  return digits.flat_map([](const Digit&) { return std::vector<Wrong>(2); });
}
