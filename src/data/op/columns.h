#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/plan/node.h"

namespace shoal::data {

/// Position of the column `name`. Errors: not_found, which names `step`, the column and those there are.
Result<int> column_index(const arrow::Schema& schema, const std::string& name, std::string_view step);

/// `names` and those of `more` that it lacks.
std::vector<std::string> with_names(std::vector<std::string> names, const std::vector<std::string>& more);

/// Errors: invalid_argument where `names` is empty or has one twice; `step` is named.
Status check_names(const std::vector<std::string>& names, std::string_view step);

}  // namespace shoal::data
