#pragma once

#include <shoal/base/ids.h>

#include <compare>
#include <cstdint>

namespace shoal::store {

/// A piece of shared memory that one process fills. Another one never has its number; the same memory keeps it when its
/// writer fills it again.
using ExtentId = std::uint64_t;
/// Whose quota pays.
using JobId = std::uint32_t;

/// Where bytes lie.
struct Place {
  ExtentId extent = 0;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

/// One stay of an object in memory, which is what a pin names. When the object leaves memory its slot has another
/// generation, and nobody can pin this stay any more.
struct Residence {
  std::uint32_t slot = 0;
  std::uint64_t generation = 0;
  friend bool operator==(const Residence&, const Residence&) = default;
};

/// The name of a ticket, and its turn: the lower age first, then the lower process and number.
struct TicketId {
  std::uint64_t age = 0;  ///< Of the task that asks; its children inherit it.
  ProcessId process;      ///< Who asks.
  std::uint64_t n = 0;    ///< Chosen by that process; not in use for another ticket of this age.
  friend auto operator<=>(const TicketId&, const TicketId&) = default;
};

}  // namespace shoal::store
