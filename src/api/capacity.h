#pragma once

#include <cstdint>

namespace shoal {

/// What work in this process may take where nobody said how much.
struct Capacity {
  double cpus = 1;          ///< Of the session of the calling thread, else of the machine; at least 1.
  std::int64_t memory = 0;  ///< Of the machine, in bytes.
};
/// The machine is looked at once: some twenty files, which would be most of a short run's time.
Capacity default_capacity();

}  // namespace shoal
