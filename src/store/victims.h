#pragma once

#include <cstdint>
#include <vector>

#include "store/extents.h"
#include "store/pins.h"
#include "store/place.h"

namespace shoal::store {

/// Which extents are emptied so that so many bytes of memory become free: first those that cost no write, then those with
/// the least to write for each byte, then the oldest. Nobody pins what is in them, and it is closed when this returns.
/// Empty where they do not suffice; then nothing has changed.
///
/// What `head` holds stays, and what tickets hold that run, or are older. Without `may_write` nothing is to be spilled.
std::vector<Extent*> choose_victims(Extents& extents, PinBoard& pins, std::uint64_t bytes, const TicketId& head,
                                    bool may_write);

}  // namespace shoal::store
