// remedy: every member of a row must be a column
#include <shoal/data.h>

#include <map>
#include <string>

namespace sd = shoal::data;

struct Wrong {
  std::map<std::string, int> counts;
};

int wrong(const sd::Dataset& words) {
  int sum = 0;
  for (const Wrong& row : words.iter_rows<Wrong>()) sum += static_cast<int>(row.counts.size());
  return sum;
}
