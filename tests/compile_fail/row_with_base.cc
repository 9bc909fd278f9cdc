// remedy: a row is a plain struct (no bases, constructors, virtual functions
#include <shoal/data.h>

#include <string>
#include <vector>

namespace sd = shoal::data;

struct Digit {
  std::string path;
  std::int64_t label = -1;
};

struct Wrong : Digit {
  std::int64_t size = 0;
};

sd::Dataset wrong(const sd::Dataset& digits) {
  return digits.map([](Wrong row) { return row; });
}
