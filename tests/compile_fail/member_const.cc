// remedy: a member of a row must not be const
#include <shoal/data.h>

namespace sd = shoal::data;

struct Wrong {
  const std::int64_t label = -1;
};

sd::Dataset wrong(const sd::Dataset& digits) {
  return digits.map([](Wrong row) { return row; });
}
