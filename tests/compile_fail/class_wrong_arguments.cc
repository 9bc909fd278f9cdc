// remedy: the class step cannot be constructed from these arguments
#include <shoal/data.h>

#include <string>
#include <vector>

namespace sd = shoal::data;

class Classifier {
 public:
  explicit Classifier(const std::string& model) : model_(model) {}
  sd::Batch operator()(const sd::Batch& in) { return in; }

 private:
  std::string model_;
};

sd::Dataset wrong(const sd::Dataset& digits) { return digits.map_batches<Classifier>({.num_gpus = 1}, 7, 8); }
