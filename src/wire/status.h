#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <string>
#include <vector>

#include "wire/resources.h"

/// What a daemon tells people who look at it, through tools that change nothing.
namespace shoal::wire {

/// Answered by StatusIs.
struct AskStatus {};
struct DriverInfo {
  ProcessId process;
  std::int64_t pid = 0;
  std::string program;
  std::int64_t joined_at = 0;  ///< Nanoseconds since 1970.
};
struct WorkerInfo {
  ProcessId process;
  std::int64_t pid = 0;  ///< 0 until it is started.
  ProcessId job;         ///< The driver whose program it is.
  std::string state;     ///< "idle", "busy for n1.2", ...
};
struct FailureInfo {
  std::int64_t at = 0;  ///< Nanoseconds since 1970.
  std::string text;
};
struct StatusIs {
  std::string host;
  std::int64_t pid = 0;
  std::int64_t started_at = 0;  ///< Nanoseconds since 1970.
  Resources total;
  Resources available;
  std::vector<std::string> waiting;  ///< What each demand that waits waits for.
  std::vector<DriverInfo> drivers;
  std::vector<WorkerInfo> workers;
  std::vector<FailureInfo> failures;  ///< Lately, the oldest first.
};

}  // namespace shoal::wire
