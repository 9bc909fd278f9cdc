#pragma once

#include <string>

#include "data/exec/settings.h"
#include "data/plan/node.h"

namespace shoal::data {

/// The logical plan, the rules that change it, and the physical operators with their resources. Runs nothing and does
/// no I/O; a plan that cannot run is explained with its error in the operators' place.
std::string explain(const NodePtr& plan, const RunSettings& settings);

/// What `std::cout << dataset` prints: rows, blocks and columns as far as metadata tells them.
std::string summarize(const NodePtr& plan, const RunSettings& settings);

}  // namespace shoal::data
