#include "data/op/expr_terms.h"

#include <optional>
#include <utility>
#include <variant>

namespace shoal::data {
namespace {

void add_terms(const Expr& expr, ExprTerms& terms) {
  for (const Expr& operand : expr.operands()) add_terms(operand, terms);
  ExprTerm term{.op = static_cast<std::uint8_t>(expr.op())};
  if (expr.op() == Expr::Op::column) term.column = expr.column();
  if (expr.op() == Expr::Op::literal) term.literal = expr.literal();
  terms.push_back(std::move(term));
}

/// Not set where `op` does not take two operands.
std::optional<Expr> combine(Expr::Op op, const Expr& a, const Expr& b) {
  switch (op) {
    case Expr::Op::equal: return a == b;
    case Expr::Op::not_equal: return a != b;
    case Expr::Op::less: return a < b;
    case Expr::Op::less_equal: return a <= b;
    case Expr::Op::greater: return a > b;
    case Expr::Op::greater_equal: return a >= b;
    case Expr::Op::add: return a + b;
    case Expr::Op::subtract: return a - b;
    case Expr::Op::multiply: return a * b;
    case Expr::Op::divide: return a / b;
    case Expr::Op::logical_and: return a && b;
    case Expr::Op::logical_or: return a || b;
    case Expr::Op::column:
    case Expr::Op::literal:
    case Expr::Op::logical_not:
    case Expr::Op::is_null: break;
  }
  return std::nullopt;
}

/// The expression that `term` makes of the last ones of `made`, which it takes from there; not set where it makes none.
std::optional<Expr> apply_term(const ExprTerm& term, std::vector<Expr>& made) {
  const auto op = static_cast<Expr::Op>(term.op);
  if (op == Expr::Op::column) return col(term.column);
  if (op == Expr::Op::literal) return std::visit([](const auto& value) { return Expr(value); }, term.literal);
  if (made.empty()) return std::nullopt;
  const Expr last = std::move(made.back());
  made.pop_back();
  if (op == Expr::Op::logical_not) return !last;
  if (op == Expr::Op::is_null) return last.is_null();
  if (made.empty()) return std::nullopt;
  const Expr first = std::move(made.back());
  made.pop_back();
  return combine(op, first, last);
}

}  // namespace

ExprTerms terms_of(const Expr& expr) {
  ExprTerms terms;
  add_terms(expr, terms);
  return terms;
}

Result<Expr> expr_of(const ExprTerms& terms) {
  std::vector<Expr> made;
  for (const ExprTerm& term : terms) {
    std::optional<Expr> expr = apply_term(term, made);
    if (!expr) return Status(ErrorCode::corrupt_data, "the terms of an expression do not go together");
    made.push_back(*std::move(expr));
  }
  if (made.size() != 1) return Status(ErrorCode::corrupt_data, "the terms of an expression do not make one");
  return std::move(made.front());
}

}  // namespace shoal::data
