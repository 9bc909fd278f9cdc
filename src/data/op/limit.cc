#include "data/op/limit.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "data/op/ship.h"

namespace shoal::data {
namespace {

class FragmentLimitStream final : public Stream {
 public:
  FragmentLimitStream(std::unique_ptr<Stream> input, std::int64_t rows) : input_(std::move(input)), left_(rows) {}

  void prepare() override { input_->prepare(); }

  Result<Rows> next() override {
    if (left_ == 0) return Rows();
    SHOAL_ASSIGN_OR_RETURN(Rows rows, input_->next());
    if (rows == nullptr) return rows;
    if (rows->num_rows() > left_) rows = rows->Slice(0, left_);
    left_ -= rows->num_rows();
    return rows;
  }

  bool at_end() const override { return left_ == 0 || input_->at_end(); }

 private:
  std::unique_ptr<Stream> input_;
  std::int64_t left_;
};

class FragmentLimitStep final : public Step {
 public:
  explicit FragmentLimitStep(std::int64_t rows) : rows_(rows) {}
  std::string label() const override { return "Limit(" + std::to_string(rows_) + ")"; }
  Result<Shipped<Step>> ship() const override { return ship_as<FragmentLimitStep>(rows_); }
  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext&, StepState*) const override {
    return std::make_unique<FragmentLimitStream>(std::move(input), rows_);
  }

 private:
  std::int64_t rows_;
};

/// a + b where either may stand for "all".
std::int64_t add_rows(std::int64_t a, std::int64_t b) { return a > k_all_rows - b ? k_all_rows : a + b; }

}  // namespace

RowWindow compose(const RowWindow& outer, const RowWindow& inner) {
  const std::int64_t left = outer.length == k_all_rows ? k_all_rows
                                                       : std::max<std::int64_t>(0, outer.length - inner.offset);
  return {add_rows(outer.offset, inner.offset), std::min(left, inner.length)};
}

std::string describe_window(const RowWindow& window) {
  const std::string length = window.length == k_all_rows ? "all" : std::to_string(window.length);
  if (window.offset == 0) return "Limit(" + length + ")";
  return "Window(" + std::to_string(window.offset) + ", " + length + ")";
}

std::shared_ptr<const Step> make_fragment_limit(std::int64_t rows) { return std::make_shared<FragmentLimitStep>(rows); }

std::string WindowNode::describe() const { return describe_window(window_); }

NodePtr WindowNode::with_input(NodePtr input) const { return std::make_shared<WindowNode>(std::move(input), window_); }

std::optional<std::int64_t> WindowNode::known_rows(std::optional<std::int64_t> input_rows) const {
  if (!input_rows) return std::nullopt;
  return std::min(window_.length, std::max<std::int64_t>(0, *input_rows - window_.offset));
}

}  // namespace shoal::data
