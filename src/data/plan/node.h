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

namespace shoal::data::inline v1 {
class Expr;  // include/shoal/data/expr.h
}

namespace shoal::data {

struct RunSettings;
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
  /// Columns of the input from which it can make the output columns `wanted`; not set where it may need any.
  virtual std::optional<std::vector<std::string>> needed_columns(const std::vector<std::string>& /*wanted*/) const {
    return std::nullopt;
  }
  /// Whether needed_columns() may name columns that need not be there.
  virtual bool may_lack_columns() const { return false; }

 private:
  NodePtr input_;
};

/// Rows of the plan that ends in `node`, where metadata tells them; runs nothing and does no I/O.
std::optional<std::int64_t> known_rows(const Node& node);
SchemaPtr known_schema(const Node& node);
/// The nodes of a plan, the source first.
std::vector<NodePtr> chain_of(const NodePtr& plan);

/// Optional powers of a node, found by dynamic_cast: rules use them.

/// A reader that can leave out columns.
class AcceptsProjection {
 public:
  virtual ~AcceptsProjection() = default;
  /// The reader that reads only these columns, in this order; null if it cannot.
  virtual NodePtr with_columns(const std::vector<std::string>& columns) const = 0;
};

/// A step that keeps the named columns of its input, in this order, and nothing else: select.
class SelectsColumns {
 public:
  virtual ~SelectsColumns() = default;
  virtual const std::vector<std::string>& selected() const = 0;
};

/// A reader that can leave out rows.
class AcceptsPredicate {
 public:
  virtual ~AcceptsPredicate() = default;
  /// The reader that gives exactly the rows for which `predicate` and its own are true; null if it cannot.
  virtual NodePtr with_predicate(const Expr& predicate) const = 0;
};

/// A step that keeps the rows for which an expression is true, and nothing else: filter(Expr).
class HasPredicate {
 public:
  virtual ~HasPredicate() = default;
  virtual const Expr& predicate() const = 0;
};

/// A source that can begin and end at a row without making the rows before it.
class AcceptsWindow {
 public:
  virtual ~AcceptsWindow() = default;
  /// The source of rows [offset, offset + length) of this one; null if it cannot.
  virtual NodePtr with_window(const RowWindow& window) const = 0;
};

/// A step that can say how many rows it gives cheaper than by running: footers, listings. Does I/O.
class CountsRows {
 public:
  virtual ~CountsRows() = default;
  virtual Result<std::int64_t> count_rows() const = 0;
};

/// A reader whose columns stand in metadata: a footer.
class ReadsSchema {
 public:
  virtual ~ReadsSchema() = default;
  /// Reads it, with a few requests. Null where there is no file to ask.
  virtual Result<SchemaPtr> read_schema() const = 0;
};

/// A source that keeps blocks between runs.
class HoldsBlocks {
 public:
  virtual ~HoldsBlocks() = default;
  virtual std::int64_t held_bytes() const = 0;     ///< In memory.
  virtual std::int64_t spilled_bytes() const = 0;  ///< On disk.
};

/// A node that other nodes take the place of when a run starts: materialize(), split(). Rules do not look through it.
class Deferred {
 public:
  virtual ~Deferred() = default;
  /// The plan to run in its place. May run `origin` first, and blocks while it does. Thread-safe.
  virtual Result<NodePtr> resolve(const RunSettings& settings) const = 0;
  /// The plan it is made from; such a node has no input().
  virtual const NodePtr& origin() const = 0;
};

}  // namespace shoal::data
