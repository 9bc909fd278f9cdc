#include "data/op/transform.h"

#include <arrow/record_batch.h>

#include <utility>

namespace shoal::data {
namespace {

class TransformStream final : public Stream {
 public:
  TransformStream(std::unique_ptr<Stream> input, std::function<Result<Rows>(const Rows&)> apply)
      : input_(std::move(input)), apply_(std::move(apply)) {}

  void prepare() override { input_->prepare(); }

  Result<Rows> next() override {
    while (true) {
      SHOAL_ASSIGN_OR_RETURN(Rows in, input_->next());
      if (in == nullptr) return Rows();
      SHOAL_ASSIGN_OR_RETURN(Rows out, apply_(in));
      if (out != nullptr && out->num_rows() > 0) return out;
    }
  }

  bool at_end() const override { return input_->at_end(); }

 private:
  const std::unique_ptr<Stream> input_;
  const std::function<Result<Rows>(const Rows&)> apply_;
};

}  // namespace

std::unique_ptr<Stream> transform(std::unique_ptr<Stream> input, std::function<Result<Rows>(const Rows&)> apply) {
  return std::make_unique<TransformStream>(std::move(input), std::move(apply));
}

}  // namespace shoal::data
