#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/posix.h"
#include "cli/clusters.h"
#include "cli/verb.h"

namespace shoal::cli {
namespace {

constexpr Option k_options[] = {k_address, k_temp_dir};

/// This process becomes the program, so its exit status, signals and terminal are the program's own.
Result<int> run(const Arguments& arguments) {
  if (arguments.rest().empty()) {
    return Status(ErrorCode::invalid_argument, "which program? shoal run PROGRAM [ARGS...]");
  }
  SHOAL_ASSIGN_OR_RETURN(const shell::RunningCluster cluster, find_cluster(arguments));
  ::setenv("SHOAL_ADDRESS", cluster.folder.c_str(), 1);
  std::vector<std::string> words = arguments.rest();
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execvp(pointers[0], pointers.data());
  return errno_status(errno, "start", words[0]);
}

}  // namespace

constinit const Verb k_run{"run", "PROGRAM [ARGS...]", "Runs a program in the cluster that runs", k_options, run};

}  // namespace shoal::cli
