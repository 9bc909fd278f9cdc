// remedy: map_batches needs sd::Batch function(const sd::Batch&, bound arguments...)
#include <shoal/data.h>

#include <string>
#include <vector>

namespace sd = shoal::data;

struct Digit {
  std::string path;
  std::int64_t label = -1;
};

Digit label(Digit digit) { return digit; }

sd::Dataset wrong(const sd::Dataset& digits) { return digits.map_batches(label); }
