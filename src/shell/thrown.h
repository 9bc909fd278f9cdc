#pragma once

#include <shoal/base/ids.h>
#include <shoal/wire/payload.h>

#include <string>

#include "wire/failure.h"
#include "wire/task.h"

namespace shoal::shell {

/// A type of exception that travels as it is.
struct TravellingException {
  std::string name;
  bool (*is_in_flight)() = nullptr;
  Payload (*encode)(const std::string& what) = nullptr;  ///< Of the exception in flight, which is one.
};
/// For all tasks of this process from now on; a type comes after those that it derives from. Thread-safe.
void let_travel(TravellingException type);

/// Failure::travelling of errors of Shoal's own, whose value is the ErrorCode.
inline constexpr const char* k_error_of_shoal = "shoal::Error";

/// The exception in flight by its own text, or by its type where it has none. Call inside a catch block.
wire::Failure describe_exception();
/// What becomes of the exception in flight, which the function of `task` threw. Call inside a catch block.
wire::Failure describe_thrown(const wire::TaskTemplate& what, const TaskId& task);

}  // namespace shoal::shell
