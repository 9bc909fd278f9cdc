#pragma once

#include "base/status.h"
#include "cli/arguments.h"
#include "shell/daemon.h"

namespace shoal::cli {

/// What a machine is to give, of --num-cpus, --num-gpus, --memory, --resources and --labels. Errors: invalid_argument.
Result<shell::Daemon::Options> node_options(const Arguments& arguments);

}  // namespace shoal::cli
