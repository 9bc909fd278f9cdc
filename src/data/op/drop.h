#pragma once

#include <string>
#include <vector>

#include "data/plan/node.h"

namespace shoal::data {

/// Leaves these columns out. Errors: invalid_argument (none, or one twice); in the run: not_found, and
/// invalid_argument where no column is left.
Result<NodePtr> make_drop(NodePtr input, std::vector<std::string> columns);

}  // namespace shoal::data
