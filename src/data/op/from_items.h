#pragma once

#include <shoal/data/table_options.h>

#include "data/plan/node.h"

namespace shoal::data {

/// The source of items that were made rows already, so as rows_from (data/rows) does. Errors: invalid_argument.
Result<NodePtr> make_from_rows(Rows rows, const RangeOptions& options = {});

}  // namespace shoal::data
