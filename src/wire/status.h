#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <string>
#include <vector>

#include "wire/resources.h"

/// What a daemon tells people who look at it, through tools that change nothing.
namespace shoal::wire {

/// Answered by StatusIs.
struct AskStatus {
  std::uint32_t objects_max = 0;  ///< How many objects of the store it wants to hear of, the largest first.
};
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
struct StoreInfo {
  std::uint64_t capacity_bytes = 0;
  std::uint64_t memory_bytes = 0;   ///< Of extents, with what is free in them.
  std::uint64_t spilled_bytes = 0;  ///< On disk.
  std::uint64_t objects = 0;
  std::uint64_t waiting = 0;  ///< Requests for memory, or for what is on disk.
};
struct ObjectInfo {
  ObjectId object;  ///< Names its owner.
  std::uint64_t bytes = 0;
  std::string place;                 ///< "memory", "disk", ...
  std::vector<ProcessId> pinned_by;  ///< Who reads it.
};
struct StatusIs {
  std::string host;
  std::int64_t pid = 0;
  std::int64_t started_at = 0;  ///< Nanoseconds since 1970.
  Resources total;
  Resources available;
  StoreInfo store;
  std::vector<ObjectInfo> objects;   ///< As many as were asked for.
  std::vector<std::string> waiting;  ///< What each demand that waits waits for.
  std::vector<DriverInfo> drivers;
  std::vector<WorkerInfo> workers;
  std::vector<FailureInfo> failures;  ///< Lately, the oldest first.
};

}  // namespace shoal::wire
