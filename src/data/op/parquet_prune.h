#pragma once

#include <vector>

#include <shoal/data/expr.h>

#include "data/plan/node.h"

namespace parquet {
class FileMetaData;
}

namespace shoal::data {

/// Row groups of the file in which the predicate may be true for some row, ascending: all that their statistics do
/// not rule out. Errors: those of bind_expr; invalid_argument where the predicate is no boolean.
Result<std::vector<int>> possible_row_groups(const parquet::FileMetaData& footer, const arrow::Schema& schema,
                                             const Expr& predicate);

}  // namespace shoal::data
