#pragma once

#include <memory>
#include <optional>
#include <string>

#include <shoal/data/expr.h>

#include "base/status.h"
#include "base/thread_safety.h"
#include "data/op/stream.h"

namespace arrow {
class Array;
class DataType;
class Schema;
}  // namespace arrow
namespace arrow::compute {
class Expression;
}

namespace shoal::data {

/// The expression over rows of this schema, bound: its column references and kernels are found. `step` is named in
/// errors: not_found (a column, with those there are), invalid_argument (types that do not go together).
Result<arrow::compute::Expression> bind_expr(const Expr& expr, const arrow::Schema& schema, const std::string& step);

/// Evaluates one expression over batches; binds it again where their schema changes. Thread-safe: the fragments of a step
/// share one.
class ExprEvaluator {
 public:
  /// `step` is named in errors.
  ExprEvaluator(Expr expr, std::string step);
  ~ExprEvaluator();

  /// One value for each row. Errors: those of bind_expr; invalid_argument (overflow, division by zero).
  Result<std::shared_ptr<arrow::Array>> evaluate(const Rows& rows, arrow::MemoryPool* pool);
  /// The rows for which it is true; the batch itself where it is true for all. Errors: also where it is no boolean.
  Result<Rows> filter(const Rows& rows, arrow::MemoryPool* pool);

 private:
  struct Bound;
  Result<std::shared_ptr<const Bound>> bind(const std::shared_ptr<arrow::Schema>& schema);

  const Expr expr_;
  const std::string step_;
  Mutex mutex_;
  std::shared_ptr<const Bound> bound_ GUARDED_BY(mutex_);
};

}  // namespace shoal::data
