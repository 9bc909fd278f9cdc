#pragma once

#include <memory>
#include <optional>
#include <string>

#include "data/plan/node.h"

namespace arrow {
class Table;
}

namespace shoal::data {

/// The source of a table's rows, without a copy. `name` stands in plans: "FromArrow", "FromItems".
/// Errors: invalid_argument (null, columns of different length, two columns of one name, parallelism below 1).
Result<NodePtr> make_from_arrow(std::shared_ptr<arrow::Table> table, std::optional<int> parallelism = std::nullopt,
                                std::string name = "FromArrow");

}  // namespace shoal::data
