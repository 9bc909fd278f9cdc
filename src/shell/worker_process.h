#pragma once

#include "shell/program.h"

namespace shoal::shell {

/// What a process does that was started as a worker: runs what it is sent over its channel until it is told to stop, or until
/// whoever started it is gone. Ends the process; what user code registered with atexit() does not run.
[[noreturn]] void run_worker(WorkerEnds ends);

}  // namespace shoal::shell
