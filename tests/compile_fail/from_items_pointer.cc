// remedy: every member of a row must be a column
#include <shoal/data.h>

#include <vector>

namespace sd = shoal::data;

struct Wrong {
  std::int64_t id = 0;
  const char* name = "none";
};

sd::Dataset wrong() { return sd::from_items(std::vector<Wrong>{{1, "a"}}); }
