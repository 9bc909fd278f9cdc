// remedy: make it a class step: .map<Class>({}, arguments...)
#include <shoal/data.h>

#include <string>
#include <vector>

namespace sd = shoal::data;

struct Digit {
  std::string path;
  std::int64_t label = -1;
};

struct Step {
  virtual ~Step() = default;
  Digit operator()(Digit digit) const { return digit; }
};

sd::Dataset wrong(const sd::Dataset& digits) { return digits.map(Step{}); }
