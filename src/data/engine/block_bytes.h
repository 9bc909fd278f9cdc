#pragma once

#include <cstdint>

#include "data/op/stream.h"

namespace shoal::data {

/// Bytes of the rows' buffers, only the parts that these rows refer to; at least 1. Buffers that several columns or
/// blocks share count in each.
std::int64_t block_bytes(const Rows& rows);

}  // namespace shoal::data
