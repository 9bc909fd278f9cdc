#pragma once

#include <cstdint>

#include <shoal/data/table_options.h>

#include "data/plan/node.h"

namespace shoal::data {

/// The source of n rows with the column `data`: an int64 tensor of `options.shape` filled with the row's number.
/// Errors: invalid_argument.
Result<NodePtr> make_range_tensor(std::int64_t n, const RangeTensorOptions& options = {});

}  // namespace shoal::data
