#pragma once

#include <cstdint>
#include <vector>

#include "node/leases.h"

namespace shoal::node {

/// Leases to ask back now, so that each line that waits could have one more. A lease that was asked back before counts as
/// if it had come. Which, in this order:
/// 1. of a line that wants no more: it may be idle, and its holder ends it when it is;
/// 2. once the line has waited for `patience`: of a line of lower priority, or of the same that holds more, and only
///    leases that lasted for `patience`. So lines take turns where there is not enough for all, be it workers.
/// Within each the lowest priority, then who holds the most, then the oldest lease. Never an actor's.
/// O(leases), times the lines that wait and find one, and the unlike ones that find none.
std::vector<std::uint64_t> choose_recalls(const Leases& leases, Time now, Time patience);

}  // namespace shoal::node
