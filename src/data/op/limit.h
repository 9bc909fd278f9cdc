#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/plan/node.h"

namespace shoal::data {

/// Rows [offset, offset + length) of its input: limit, take, and the parts of a split.
class WindowNode final : public Node {
 public:
  WindowNode(NodePtr input, RowWindow window) : Node(std::move(input)), window_(window) {}

  std::string describe() const override;
  NodePtr with_input(NodePtr input) const override;
  RowWindow window() const override { return window_; }
  bool keeps_row_count() const override { return false; }
  std::optional<std::int64_t> known_rows(std::optional<std::int64_t> input_rows) const override;
  SchemaPtr known_schema(const SchemaPtr& input) const override { return input; }
  std::optional<std::vector<std::string>> needed_columns(const std::vector<std::string>& wanted) const override {
    return wanted;
  }

 private:
  RowWindow window_;
};

/// Rows of `inner`, counted within the rows of `outer`: Window(inner) over Window(outer) as one.
RowWindow compose(const RowWindow& outer, const RowWindow& inner);

/// "Limit(20)" or "Window(100, 50)".
std::string describe_window(const RowWindow& window);

/// Ends a fragment after `rows` rows, since the operator's window needs no more of any fragment.
std::shared_ptr<const Step> make_fragment_limit(std::int64_t rows);

}  // namespace shoal::data
