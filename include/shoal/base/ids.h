#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

/// Names of what lives in a cluster. All are plain values; none is ever used again for something else. `to_string` gives
/// what logs, errors and tools print, for example "n3.17/t5".
namespace shoal::inline v1 {

/// One incarnation of one process: a driver, a worker, a node's daemon (n = 0), or the control service ({0, 0}).
struct ProcessId {
  std::uint32_t node = 0;  ///< One incarnation of one machine's daemon.
  std::uint32_t n = 0;
  friend auto operator<=>(const ProcessId&, const ProcessId&) = default;
};
inline constexpr ProcessId k_control{};

/// A task, or a call of an actor; it is named by whoever submitted it, who owns it.
struct TaskId {
  ProcessId owner;
  std::uint64_t n = 0;
  friend auto operator<=>(const TaskId&, const TaskId&) = default;
};

/// A value that exists or will: result `index` of the task with the same owner and n, or something put, with an n of its
/// own.
struct ObjectId {
  ProcessId owner;
  std::uint64_t n = 0;
  std::uint32_t index = 0;
  friend auto operator<=>(const ObjectId&, const ObjectId&) = default;
};

/// An actor, whatever its incarnation. Its creator owns it.
struct ActorId {
  ProcessId owner;
  std::uint64_t n = 0;
  friend auto operator<=>(const ActorId&, const ActorId&) = default;
};

std::string to_string(ProcessId id);
std::string to_string(TaskId id);
std::string to_string(ObjectId id);
std::string to_string(ActorId id);

namespace detail {

/// The finaliser of splitmix64: ids count upwards, and tables want bits that differ.
constexpr std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9u;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}
constexpr std::uint64_t bits(ProcessId id) { return std::uint64_t{id.node} << 32 | id.n; }

}  // namespace detail
}  // namespace shoal::inline v1

template <>
struct std::hash<shoal::ProcessId> {
  std::size_t operator()(shoal::ProcessId id) const noexcept { return shoal::detail::mix(shoal::detail::bits(id)); }
};
template <>
struct std::hash<shoal::TaskId> {
  std::size_t operator()(const shoal::TaskId& id) const noexcept {
    return shoal::detail::mix(shoal::detail::bits(id.owner) ^ shoal::detail::mix(id.n));
  }
};
template <>
struct std::hash<shoal::ObjectId> {
  std::size_t operator()(const shoal::ObjectId& id) const noexcept {
    return shoal::detail::mix(shoal::detail::bits(id.owner) ^ shoal::detail::mix(id.n ^ std::uint64_t{id.index} << 48));
  }
};
template <>
struct std::hash<shoal::ActorId> {
  std::size_t operator()(const shoal::ActorId& id) const noexcept {
    return shoal::detail::mix(shoal::detail::bits(id.owner) ^ shoal::detail::mix(id.n));
  }
};
