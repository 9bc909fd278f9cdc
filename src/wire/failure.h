#pragma once

#include <shoal/base/error.h>
#include <shoal/base/ids.h>
#include <shoal/wire/payload.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "wire/enumerators.h"

namespace shoal::wire {

/// Which class of the standard library an exception derives from, as near as there is one; what `get` throws derives
/// from it too. Order: the enumeration is a tree written down, a class after the one it derives from.
enum class Standard : std::uint8_t {
  none,
  exception,
  logic_error,
  invalid_argument,
  domain_error,
  length_error,
  out_of_range,
  runtime_error,
  range_error,
  overflow_error,
  underflow_error,
  system_error,
  bad_alloc,
};

/// One link of the chain of causes, the last thing that happened first.
struct Cause {
  ErrorCode code = ErrorCode::internal;
  std::string text;
};

/// Why there is no value.
struct Failure {
  ErrorCode code = ErrorCode::internal;
  std::string text{};
  std::vector<Cause> causes{};

  // Where it happened.
  std::string task{};  ///< The task's name.
  std::uint32_t attempt = 0;
  ProcessId process{};

  // What a function of the user threw (`user_function`).
  Standard standard = Standard::none;
  std::string type{};                ///< The exception's type, as its compiler names it.
  std::string message{};             ///< Its what().
  std::vector<std::string> bases{};  ///< Those types of the task's retry_on that it is one of.
  std::string travelling{};          ///< The registered type that `value` is of; empty = none.
  Payload value{};                   ///< The exception itself; of a system_error its code.
};
using FailurePtr = std::shared_ptr<const Failure>;  ///< Never null in a message that came.

}  // namespace shoal::wire

template <>
inline constexpr std::uint64_t shoal::enum_values<shoal::ErrorCode> = shoal::wire::enumerator_count<shoal::ErrorCode>();
template <>
inline constexpr std::uint64_t shoal::enum_values<shoal::wire::Standard> =
    shoal::wire::enumerator_count<shoal::wire::Standard>();
