#pragma once

#include <cstdint>
#include <string>

#include "wire/message.h"

namespace shoal::net {

/// What a process is to the others of its cluster.
enum class Role : std::uint8_t {
  client = 1,   ///< A program that uses the cluster: it owns tasks and objects.
  worker = 2,   ///< Runs tasks or an actor, and owns as a client does.
  node = 4,     ///< The daemon of a machine.
  control = 8,  ///< The control service.
  tool = 16,    ///< Looks, and changes nothing.
};

/// What one process is: it may be several at once, as a daemon that also hosts the control service.
class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(Role role) : bits_(static_cast<std::uint8_t>(role)) {}
  /// Of bits() of a peer; empty where they are not valid.
  static constexpr Roles of_bits(std::uint8_t bits) {
    Roles roles;
    roles.bits_ = bits <= 31 ? bits : 0;
    return roles;
  }

  constexpr std::uint8_t bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool overlaps(Roles others) const { return (bits_ & others.bits_) != 0; }
  friend constexpr Roles operator|(Roles a, Roles b) { return of_bits(a.bits_ | b.bits_); }
  friend constexpr bool operator==(Roles, Roles) = default;

 private:
  std::uint8_t bits_ = 0;
};
constexpr Roles operator|(Role a, Role b) { return Roles(a) | Roles(b); }

/// Who says a type of message, its place in wire::Message, to whom.
struct Route {
  Roles from, to;
};
Route route_of(std::size_t type);

/// Whether one that is `from` may say this type of message, its place in wire::Message, to one that is `to`.
bool may_say(Roles from, Roles to, std::size_t type);

/// For example "worker" or "node and control".
std::string to_string(Roles roles);

}  // namespace shoal::net
