// remedy: every member of a row must be a column
#include <shoal/data.h>

#include <list>
#include <vector>

namespace sd = shoal::data;

struct Wrong {
  std::int64_t id = 0;
  std::list<int> values;
};

sd::Dataset wrong() { return sd::from_items(std::vector<Wrong>(1)); }
