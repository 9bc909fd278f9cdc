// remedy: a bound argument must be a value that can be sent to another process
#include <shoal/data.h>

#include <string>
#include <vector>

namespace sd = shoal::data;

class Classifier {
 public:
  explicit Classifier(int* counter) : counter_(counter) {}
  sd::Batch operator()(const sd::Batch& in) { return in; }

 private:
  [[maybe_unused]] int* counter_;
};

sd::Dataset wrong(const sd::Dataset& digits, int* counter) { return digits.map_batches<Classifier>({}, counter); }
