#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <variant>
#include <vector>

#include "base/status.h"
#include "store/place.h"

namespace shoal::store {

/// An object that a ticket made readable, and what to pin.
struct Located {
  ObjectId object;
  Place place;
  Residence residence;
  friend bool operator==(const Located&, const Located&) = default;
};

/// An extent that a process may fill from its beginning. A warm one has the number of an extent that it filled before and
/// has mapped still.
struct Granted {
  ExtentId extent = 0;  ///< 0: none.
  std::uint64_t bytes = 0;
  bool is_warm = false;
};

/// What the core asks of its shell, in this order. Spilled bytes go by a key, which is never used again.
// clang-format off
/// Reserves memory, or with `on_disk` a file that can be mapped. Answered by on_extent_created or on_extent_failed.
struct CreateExtent { ExtentId extent = 0; std::uint64_t bytes = 0; bool on_disk = false; };
/// Its pages are given back to the system, whoever has it mapped.
struct ReclaimExtent { ExtentId extent = 0; };
/// The process shall forget its mapping: the extent is gone.
struct UnmapExtent { ProcessId process; ExtentId extent = 0; };
/// The process shall return the extent as soon as it writes nothing there: others need memory. It need not answer.
struct RecallExtent { ProcessId process; ExtentId extent = 0; };
/// Answered by on_spill_written or on_spill_failed.
struct WriteSpill { std::uint64_t key = 0; Place from; };
/// Answered by on_restored or on_restore_failed.
struct ReadSpill { std::uint64_t key = 0; Place to; };
struct DeleteSpill { std::uint64_t key = 0; };
/// To the process of the ticket: all its objects can be pinned, in the order in which it named them.
struct Admitted { TicketId ticket; std::vector<Located> objects; Granted extent{}; };
/// To the process of the ticket: it will not be admitted. It is to be released like one that was.
struct Failed { TicketId ticket; Status status; };
/// To the process of the ticket, which had not started: an older one needed the memory. It waits for its turn again.
struct Revoked { TicketId ticket; };
/// To the object's owner: this copy is gone; there are others.
struct Evicted { ObjectId object; };
/// To the object's owner: its bytes could not be read back.
struct Lost { ObjectId object; Status status; };
// clang-format on

using Action = std::variant<CreateExtent, ReclaimExtent, UnmapExtent, RecallExtent, WriteSpill, ReadSpill, DeleteSpill,
                            Admitted, Failed, Revoked, Evicted, Lost>;
using Actions = std::vector<Action>;

}  // namespace shoal::store
