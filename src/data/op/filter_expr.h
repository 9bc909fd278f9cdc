#pragma once

#include <shoal/data/expr.h>

#include "data/plan/node.h"

namespace shoal::data {

/// Keeps the rows for which the expression is true. Errors in the run: not_found, invalid_argument.
NodePtr make_filter(NodePtr input, Expr predicate);

}  // namespace shoal::data
