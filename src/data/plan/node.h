#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <shoal/data/options.h>

#include "base/status.h"
#include "data/exec/physical.h"
#include "data/op/stream.h"

namespace arrow {
class Schema;
}

namespace shoal::data {

class Node;
using NodePtr = std::shared_ptr<const Node>;
using SchemaPtr = std::shared_ptr<arrow::Schema>;

/// One logical step of a dataset: an immutable value. A plan is its last node; nodes share their inputs.
/// A new kind is one file in op/ (node and streams) and one line where Dataset or a read function makes it.
class Node {
 public:
  explicit Node(NodePtr input = nullptr) : input_(std::move(input)) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const NodePtr& input() const { return input_; }

  /// For explain(), with what matters of its options: "ReadImages(s3://mnist/train/, gray)", "Limit(20)".
  virtual std::string describe() const = 0;
  /// The same step over another input: what rules use. Precondition: this node has an input.
  virtual NodePtr with_input(NodePtr input) const = 0;

  /// How it runs. Exactly one of source(), step() and window() says something.
  virtual std::shared_ptr<const Source> source() const { return nullptr; }
  virtual std::shared_ptr<const Step> step() const { return nullptr; }
  virtual RowWindow window() const { return {}; }
  /// Resources and workers of a step; nodes that take none of their own (select, limit) return nullptr and fuse with
  /// whatever is upstream.
  virtual const StepOptions* options() const { return nullptr; }

  /// One output row for each input row, in the same order.
  virtual bool keeps_row_count() const { return false; }
  /// Rows it gives, where that is known without running: from the input's, when it has one.
  virtual std::optional<std::int64_t> known_rows(std::optional<std::int64_t> /*input_rows*/) const {
    return std::nullopt;
  }
  /// Columns of the output where they are known without running; null otherwise.
  virtual SchemaPtr known_schema(const SchemaPtr& /*input*/) const { return nullptr; }

 private:
  NodePtr input_;
};

/// Rows of the plan that ends in `node`, where metadata tells them; runs nothing and does no I/O.
std::optional<std::int64_t> known_rows(const Node& node);
SchemaPtr known_schema(const Node& node);

/// Optional powers of a reader, found by dynamic_cast: rules use them.
class AcceptsProjection {
 public:
  virtual ~AcceptsProjection() = default;
  /// The reader that reads only these columns, in this order; null if it cannot.
  virtual NodePtr with_columns(const std::vector<std::string>& columns) const = 0;
};
class Expr;  // include/shoal/data/expr.h
/// A step that can say how many rows there are cheaper than by running: footers, listings.
class CountsRows {
 public:
  virtual ~CountsRows() = default;
  virtual Result<std::int64_t> count_rows() const = 0;
};

}  // namespace shoal::data
