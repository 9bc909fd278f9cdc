// remedy: a row is a plain struct
#include <shoal/data.h>

#include <tuple>
#include <vector>

namespace sd = shoal::data;

sd::Dataset wrong() { return sd::from_items(std::vector<std::tuple<int, double>>(1)); }
