#pragma once

#include <string>

#include "data/exec/report.h"

namespace shoal::data {

/// What a run did, for people: per stage rows, blocks, wall and CPU time and block sizes with minimum, mean, maximum and
/// total, what it waited for, retries and requests; then the run as a whole. Ends in a line break. Pure.
std::string render_stats(const RunReport& report);

}  // namespace shoal::data
