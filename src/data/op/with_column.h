#pragma once

#include <string>

#include <shoal/data/expr.h>

#include "data/plan/node.h"

namespace shoal::data {

/// Adds the column `name` as the last one, or puts it in the place of the one so named. Errors: invalid_argument
/// (no name); in the run: not_found, invalid_argument.
Result<NodePtr> make_with_column(NodePtr input, std::string name, Expr value);

}  // namespace shoal::data
