// remedy: .filter(sd::col("id") > 3)
#include <shoal/data.h>

namespace sd = shoal::data;

sd::Dataset wrong(const sd::Dataset& digits) { return digits.filter("label > 3"); }
