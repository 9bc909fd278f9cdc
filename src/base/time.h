#pragma once

#include <cstdint>

namespace shoal {

/// Nanoseconds of the clock that a shell passes in: its own, or in the simulator a world's, which begins at 0.
using Time = std::int64_t;

}  // namespace shoal
