// remedy: or make it a class step: .map<Class>({}, value)
#include <shoal/data.h>

#include <string>
#include <vector>

namespace sd = shoal::data;

struct Digit {
  std::string path;
  std::int64_t label = -1;
};

class Labels {
 public:
  sd::Dataset wrong(const sd::Dataset& digits) {
    return digits.map([this](Digit digit) {
      digit.label = first_;
      return digit;
    });
  }

 private:
  std::int64_t first_ = 0;
};

sd::Dataset use(Labels& labels, const sd::Dataset& digits) { return labels.wrong(digits); }
