#pragma once

#include <string>
#include <vector>

#include "data/plan/node.h"

namespace shoal::data {

/// Keeps these columns, in this order. Errors: invalid_argument (none, or one twice); in the run: not_found.
Result<NodePtr> make_select(NodePtr input, std::vector<std::string> columns);

}  // namespace shoal::data
