// remedy: Pass it as an argument: .map(function, {}, value)
#include <shoal/data.h>

#include <string>
#include <vector>

namespace sd = shoal::data;

struct Digit {
  std::string path;
  std::int64_t label = -1;
};

sd::Dataset wrong(const sd::Dataset& digits) {
  std::string prefix = "train/";
  return digits.map([prefix](Digit digit) {
    digit.path = prefix + digit.path;
    return digit;
  });
}
