#pragma once

#include <shoal/base/ids.h>

#include <string>
#include <vector>

#include "wire/failure.h"
#include "wire/resources.h"

/// Between a machine's daemon and the processes on it: their life, which is no core's business but the daemon's.
namespace shoal::wire {

/// The first message of a program that wants to use the cluster: what its workers are started with, beside its binary and
/// its folder, which the daemon sees itself. Answered by Welcome.
struct Join {
  std::vector<std::string> words;  ///< Its command line.
  std::vector<std::string> environment;
};
/// The first message to a worker process, which answers WorkerIsUp, or to a driver: who it is.
struct Welcome {
  ProcessId self;
  ProcessId node;
  ProcessId host;       ///< The owner that lives in the process of the daemon; k_control = nobody.
  Resources total;      ///< Of the node.
  std::string meeting;  ///< Where the owners of this machine listen for each other, see shell/peers.h.
};
struct WorkerIsUp {};
/// It is idle: it shall end unless it owns something. Answered by its end, or WorkerStays.
struct Retire {};
struct WorkerStays {};
/// It shall begin nothing more, and end.
struct Stop {};
/// To all who may know it: it is dead, and everything from it has arrived or never will. Of the daemon itself: it ends.
struct ProcessDied {
  ProcessId process;
  std::string cause;
  ErrorCode code = ErrorCode::worker_died;  ///< As in LeaseLost.
};

}  // namespace shoal::wire
