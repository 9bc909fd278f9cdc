#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "data/plan/node.h"

namespace shoal::data {

/// Where the parts of a split end, the last one at `rows`: a pure function.
using SplitRule = std::function<std::vector<std::int64_t>(std::int64_t rows)>;

/// n parts in order, the first ones one row larger where it does not come out even.
SplitRule equal_parts(int n);
/// Two parts, the second of `fraction` of the rows, to the nearest row.
SplitRule last_fraction(double fraction);
/// Two parts, the second of `rows` rows, or of all where there are fewer.
SplitRule last_rows(std::int64_t rows);

/// The parts of `origin`, each a plan of its own; nothing runs until one of them does. The rows are counted from
/// metadata where it tells them; else the first part that is consumed materialises the origin, for all of them.
std::vector<NodePtr> make_split(const NodePtr& origin, const SplitRule& rule, int parts, const std::string& name);

}  // namespace shoal::data
