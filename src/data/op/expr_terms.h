#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <shoal/data/expr.h>

#include "base/status.h"

namespace shoal::data {

/// One operation, column or literal of an expression, as a plain struct that the codec walks.
struct ExprTerm {
  std::uint8_t op = 0;  ///< Expr::Op.
  std::string column{};
  Expr::Literal literal{};
};

/// An expression as its terms, operands before what is done with them: how it travels.
using ExprTerms = std::vector<ExprTerm>;

ExprTerms terms_of(const Expr& expr);
/// Errors: corrupt_data, where they are no expression.
Result<Expr> expr_of(const ExprTerms& terms);

}  // namespace shoal::data
