#pragma once

#include <cstdint>
#include <optional>

#include "data/plan/node.h"

namespace shoal::data {

/// Rows of the plan from metadata: what nodes know by themselves, else footers and listings, which is I/O. Not set
/// where only running tells.
Result<std::optional<std::int64_t>> count_from_metadata(const Node& plan);

}  // namespace shoal::data
