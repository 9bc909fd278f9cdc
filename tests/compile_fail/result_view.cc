// remedy: return std::string
#include <shoal/data.h>

#include <string_view>

namespace sd = shoal::data;

struct Digit {
  std::int64_t label = -1;
};

struct Wrong {
  std::string_view name;
};

sd::Dataset wrong(const sd::Dataset& digits) {
  return digits.map([](const Digit&) { return Wrong{}; });
}
