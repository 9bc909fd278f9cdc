#pragma once

#include <shoal/base/ids.h>

#include <map>
#include <string>

#include "owner/core.h"

namespace shoal::sim::cluster {

/// Looks into all living processes at one moment: who is registered for an object is known to its owner, and as long as
/// nobody died, what anybody holds a reference to is there. Empty = so it is. O(all objects).
std::string fault_of_references(const std::map<ProcessId, const owner::Core*>& living, bool somebody_died);

}  // namespace shoal::sim::cluster
