// remedy: a bound argument must be a value that can be sent to another process
#include <shoal/data.h>

#include <string>
#include <vector>

namespace sd = shoal::data;

struct Digit {
  std::string path;
  std::int64_t label = -1;
};

Digit label(Digit digit, const std::vector<std::int64_t>* table) {
  digit.label = table->front();
  return digit;
}

sd::Dataset wrong(const sd::Dataset& digits, const std::vector<std::int64_t>& table) {
  return digits.map(label, {}, &table);
}
