#pragma once

#include <string>

#include "base/status.h"
#include "cli/arguments.h"
#include "shell/cluster_folder.h"

namespace shoal::cli {

/// Below which folder the options say that clusters are.
std::string user_folder(const Arguments& arguments);
/// The one that --address or SHOAL_ADDRESS names, else the only one there is. Errors: those of shell::find_cluster().
Result<shell::RunningCluster> find_cluster(const Arguments& arguments);

}  // namespace shoal::cli
