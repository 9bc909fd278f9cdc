// remedy: every member of a row must be a column
#include <shoal/data.h>

#include <vector>

namespace sd = shoal::data;

struct Wrong {
  int corners[3] = {};
};

std::vector<Wrong> wrong(const sd::Dataset& boxes) { return boxes.take<Wrong>(); }
