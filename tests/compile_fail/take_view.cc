// remedy: the rows of take<T>() outlive the blocks that a std::string_view looks into
#include <shoal/data.h>

#include <optional>
#include <string_view>
#include <vector>

namespace sd = shoal::data;

struct Named {
  std::optional<std::string_view> name;
};
struct Digit {
  std::int64_t label = -1;
  std::vector<Named> names;
};

std::vector<Digit> first(const sd::Dataset& digits) { return digits.take<Digit>(3); }
