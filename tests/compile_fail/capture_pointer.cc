// remedy: Pass it as an argument: .map(function, {}, value)
#include <shoal/data.h>

#include <string>
#include <vector>

namespace sd = shoal::data;

struct Digit {
  std::string path;
  std::int64_t label = -1;
};

sd::Dataset wrong(const sd::Dataset& digits, const std::int64_t* table) {
  return digits.map([table](Digit digit) {
    digit.label = table[digit.label];
    return digit;
  });
}
