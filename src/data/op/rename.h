#pragma once

#include <string>
#include <utility>
#include <vector>

#include "data/plan/node.h"

namespace shoal::data {

/// Old name and new name. All take place at once, so two columns can swap names.
using Renames = std::vector<std::pair<std::string, std::string>>;

/// Errors: invalid_argument (none, one column twice, or two with one new name); in the run: not_found, and
/// invalid_argument where a new name is another column's.
Result<NodePtr> make_rename(NodePtr input, Renames renames);

}  // namespace shoal::data
