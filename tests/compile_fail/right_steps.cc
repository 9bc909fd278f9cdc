// compiles
#include <shoal/data.h>

#include <array>
#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace sd = shoal::data;

namespace {

struct Digit {
  std::string path;
  sd::Tensor<std::uint8_t> image;
  std::int64_t label = -1;
};
struct Box {
  float corners[4] = {};
};
struct Settings {
  std::map<std::string, std::vector<int>> table;
  std::chrono::milliseconds wait{};
  std::array<Box, 2> boxes;
};

Digit label_from_path(Digit digit) {
  digit.label = static_cast<std::int64_t>(digit.path.size());
  return digit;
}
Digit shift(Digit digit, std::int64_t by, const std::string& prefix) {
  digit.label += by;
  digit.path = prefix + digit.path;
  return digit;
}
sd::Row add_area(sd::Row row) {
  row["area"] = row["width"].as<double>() * row["height"].as<double>();
  return row;
}
struct Normalize {
  float mean, deviation;
  sd::Batch operator()(const sd::Batch& in) const {
    const sd::TensorView<const std::uint8_t> x = in.tensor<std::uint8_t>("image");
    sd::BatchBuilder out(in);
    sd::TensorView<float> y = out.add_tensor<float>("image", {x.shape(0), 1, 28, 28});
    std::transform(x.begin(), x.end(), y.begin(),
                   [this](auto v) { return (static_cast<float>(v) / 255.f - mean) / deviation; });
    return out.finish();
  }
};
class Classifier {
 public:
  explicit Classifier(const std::string& model) : model_(model) {}
  virtual ~Classifier() = default;
  virtual sd::Batch operator()(const sd::Batch& in) { return in; }

 private:
  std::string model_;
};
sd::Batch configured(const sd::Batch& in, const Settings&) { return in; }

}  // namespace

sd::Dataset steps(const sd::Dataset& digits) {
  const float scale = 2;
  const std::string text = "train";
  return digits.map(label_from_path)
      .map(shift, {.num_cpus = 2}, 3, "x/")
      .map(shift, {}, 3L, text)
      .map(add_area)
      .map([scale](Digit digit) {
        digit.label = static_cast<std::int64_t>(static_cast<float>(digit.label) * scale);
        return digit;
      })
      .map_batches(Normalize{0.5f, 0.5f}, {.batch_size = 256})
      .map_batches(configured, {}, Settings{})
      .map_batches<Classifier>({.pool = {1, 8}, .num_gpus = 0.5}, "model.onnx")
      .filter([](const Digit& digit) { return digit.label > 0; })
      .flat_map([](const Digit& digit) { return std::vector<Digit>(2, digit); });
}
