#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <shoal/base/bytes.h>

namespace shoal::inline v1 {

using namespace shoal::literals;

namespace detail {

/// One exception type of a list: how a process finds out that something thrown is one.
struct ExceptionType {
  std::string name;
  bool (*is_in_flight)() = nullptr;  ///< Call inside a catch block. Null = any.
  friend bool operator==(const ExceptionType&, const ExceptionType&) = default;
};

}  // namespace detail

/// Which exceptions of the function are worth another attempt. None by default; see retry_on() and k_retry_on_all.
using RetryOn = std::vector<detail::ExceptionType>;

/// Exceptions of these types and of those that derive from them: `.retry_on = shoal::retry_on<std::runtime_error>()`.
template <class... Exception>
RetryOn retry_on();
/// Whatever is thrown.
inline RetryOn retry_on_all() { return {{.name = "*"}}; }

/// Which node a task or an actor goes to.
enum class Spread : std::uint8_t {
  pack,    ///< The submitter's own while it has room, then others.
  spread,  ///< The one that has least to do.
};

/// What a task needs, and what becomes of it when things fail. A demand that no node can ever meet makes the task fail with
/// Infeasible.
struct TaskOptions {
  double num_cpus = 1;                        ///< CPUs it takes while it runs; a fraction, or 0, too.
  double num_gpus = 0;                        ///< A fraction below 1, or a whole number; context().gpus says which.
  std::uint64_t memory = 0;                   ///< Bytes that it takes of its node's. In a worker process a limit, too:
                                              ///< a task above it fails with OutOfMemory.
  std::map<std::string, double> resources{};  ///< Of the node's own kinds, as declared in SessionOptions.
  int max_retries = 3;  ///< Attempts after the first; -1 = for ever. Used up by lost processes, and
                        ///< by exceptions of `retry_on`.
  RetryOn retry_on{};
  int priority = 0;  ///< Higher ones start first.
  Spread strategy = Spread::pack;
  std::string name{};  ///< What errors and tools call it; default: the function's name.
  friend bool operator==(const TaskOptions&, const TaskOptions&) = default;
};

}  // namespace shoal::inline v1
