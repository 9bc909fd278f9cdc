#include "cli/clusters.h"

#include <cstdlib>

namespace shoal::cli {

std::string user_folder(const Arguments& arguments) { return shell::user_folder(arguments.text("--temp-dir")); }

Result<shell::RunningCluster> find_cluster(const Arguments& arguments) {
  std::string address = arguments.text("--address");
  // A folder that is named here counts before what the environment says of another.
  const char* const variable = arguments.has("--temp-dir") ? nullptr : std::getenv("SHOAL_ADDRESS");
  if (address.empty() && variable != nullptr) address = variable;
  return shell::find_cluster(address.empty() ? "auto" : address, user_folder(arguments));
}

}  // namespace shoal::cli
