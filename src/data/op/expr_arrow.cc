#include "data/op/expr_arrow.h"

#include <arrow/array/array_primitive.h>
#include <arrow/array/util.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/compute/expression.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <type_traits>

#include "data/io/arrow_status.h"
#include "data/op/columns.h"
#include "data/rows/arrow_types.h"

namespace shoal::data {
namespace {

namespace ac = arrow::compute;

arrow::Datum literal_datum(const Expr::Literal& literal) {
  return std::visit(
      [](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::string>) {
          return arrow::Datum(std::make_shared<arrow::StringScalar>(value));
        } else {
          return arrow::Datum(value);
        }
      },
      literal);
}

const char* kernel_name(Expr::Op op) {
  switch (op) {
    case Expr::Op::equal: return "equal";
    case Expr::Op::not_equal: return "not_equal";
    case Expr::Op::less: return "less";
    case Expr::Op::less_equal: return "less_equal";
    case Expr::Op::greater: return "greater";
    case Expr::Op::greater_equal: return "greater_equal";
    case Expr::Op::add: return "add_checked";
    case Expr::Op::subtract: return "subtract_checked";
    case Expr::Op::multiply: return "multiply_checked";
    case Expr::Op::divide: return "divide";
    case Expr::Op::logical_and: return "and_kleene";
    case Expr::Op::logical_or: return "or_kleene";
    case Expr::Op::logical_not: return "invert";
    case Expr::Op::is_null: return "is_null";
    case Expr::Op::column:
    case Expr::Op::literal: break;
  }
  return "";
}

bool is_integer(const ac::Expression& expr, const arrow::Schema& schema) {
  const arrow::Result<ac::Expression> bound = expr.Bind(schema);
  return bound.ok() && arrow::is_integer(bound->type()->id());
}

bool is_logical(Expr::Op op) {
  return op == Expr::Op::logical_and || op == Expr::Op::logical_or || op == Expr::Op::logical_not;
}

/// A column that was null in the whole block has no type (rows/agreed_columns.h), and Arrow's logic wants booleans.
bool is_untyped(const Expr& expr, const arrow::Schema& schema) {
  if (expr.op() != Expr::Op::column) return false;
  const auto field = schema.GetFieldByName(expr.column());
  return field != nullptr && field->type()->id() == arrow::Type::NA;
}

/// "a is int32, b is double"
std::string column_types(const Expr& expr, const arrow::Schema& schema) {
  std::string types;
  for (const std::string& column : expr.columns()) {
    types += fmt::format("{}{} is {}", types.empty() ? "" : ", ", column,
                         schema.GetFieldByName(column)->type()->ToString());
  }
  return types;
}

ac::Expression convert(const Expr& expr, const arrow::Schema& schema) {
  if (expr.op() == Expr::Op::column) return ac::field_ref(expr.column());
  if (expr.op() == Expr::Op::literal) return ac::literal(literal_datum(expr.literal()));
  std::vector<ac::Expression> operands;
  for (const Expr& operand : expr.operands()) {
    const bool is_null_bool = is_logical(expr.op()) && is_untyped(operand, schema);
    operands.push_back(is_null_bool ? ac::literal(arrow::Datum(std::make_shared<arrow::BooleanScalar>()))
                                    : convert(operand, schema));
  }
  if (expr.op() == Expr::Op::is_null) return ac::is_null(std::move(operands[0]));
  // The unchecked kernel overflows silently for integers, the checked one refuses x / 0.0 for floats.
  if (expr.op() == Expr::Op::divide && is_integer(operands[0], schema) && is_integer(operands[1], schema)) {
    return ac::call("divide_checked", std::move(operands));
  }
  return ac::call(kernel_name(expr.op()), std::move(operands));
}

}  // namespace

Result<ac::Expression> bind_expr(const Expr& expr, const arrow::Schema& schema, const std::string& step) {
  ensure_kernels();
  for (const std::string& column : expr.columns()) {
    SHOAL_RETURN_IF_ERROR(column_index(schema, column, step).status());
  }
  Result<ac::Expression> bound = from_arrow(convert(expr, schema).Bind(schema), ErrorCode::invalid_argument);
  if (bound.ok()) return bound;
  return bound.status().with_context(fmt::format("{}: {} ({})", step, expr.to_string(), column_types(expr, schema)));
}

struct ExprEvaluator::Bound {
  std::shared_ptr<arrow::Schema> schema;
  ac::Expression expression;
};

ExprEvaluator::ExprEvaluator(Expr expr, std::string step) : expr_(std::move(expr)), step_(std::move(step)) {}
ExprEvaluator::~ExprEvaluator() = default;

Result<std::shared_ptr<const ExprEvaluator::Bound>> ExprEvaluator::bind(const std::shared_ptr<arrow::Schema>& schema) {
  const Lock lock(mutex_);
  if (bound_ == nullptr || (bound_->schema != schema && !bound_->schema->Equals(*schema))) {
    SHOAL_ASSIGN_OR_RETURN(ac::Expression expression, bind_expr(expr_, *schema, step_));
    bound_ = std::make_shared<const Bound>(Bound{schema, std::move(expression)});
  }
  return bound_;
}

Result<std::shared_ptr<arrow::Array>> ExprEvaluator::evaluate(const Rows& rows, arrow::MemoryPool* pool) {
  SHOAL_ASSIGN_OR_RETURN(const std::shared_ptr<const Bound> bound, bind(rows->schema()));
  ac::ExecContext context(pool);
  context.set_use_threads(false);
  arrow::Result<arrow::Datum> value = ac::ExecuteScalarExpression(bound->expression, ac::ExecBatch(*rows), &context);
  if (!value.ok()) {
    const Status status = from_arrow(value.status(), ErrorCode::invalid_argument);
    if (!value.status().IsInvalid()) return status.with_context(fmt::format("{}: {}", step_, expr_.to_string()));
    return Status(status.code(),
                  fmt::format("{}: {}: {} ({}); compute it in a wider type with map(), or leave such rows "
                              "out with filter() before",
                              step_, expr_.to_string(), status.text(), column_types(expr_, *rows->schema())));
  }
  if (value->is_scalar()) return from_arrow(arrow::MakeArrayFromScalar(*value->scalar(), rows->num_rows(), pool));
  return value->make_array();
}

Result<Rows> ExprEvaluator::filter(const Rows& rows, arrow::MemoryPool* pool) {
  SHOAL_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Array> mask, evaluate(rows, pool));
  if (mask->type_id() == arrow::Type::NA) return Rows();  // a column that is null in all of these rows
  if (mask->type_id() != arrow::Type::BOOL) {
    return Status(ErrorCode::invalid_argument,
                  fmt::format("{}: {} gives {}, but a filter needs true or false; compare it with something", step_,
                              expr_.to_string(), mask->type()->ToString()));
  }
  const std::int64_t kept = static_cast<const arrow::BooleanArray&>(*mask).true_count();
  if (kept == rows->num_rows()) return rows;
  if (kept == 0) return Rows();
  ac::ExecContext context(pool);
  context.set_use_threads(false);
  SHOAL_ASSIGN_OR_RETURN(const arrow::Datum out,
                         from_arrow(ac::Filter(rows, mask, ac::FilterOptions::Defaults(), &context)));
  return out.record_batch();
}

}  // namespace shoal::data
