#pragma once

#include <cstdint>

#include <shoal/data/table_options.h>

#include "data/plan/node.h"

namespace shoal::data {

/// The source of n rows with the column `id`: int64 0, 1, ... n - 1. Errors: invalid_argument.
Result<NodePtr> make_range(std::int64_t n, const RangeOptions& options = {});

}  // namespace shoal::data
