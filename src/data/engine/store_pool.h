#pragma once

#include <cstdint>

namespace arrow {
class MemoryPool;
}

namespace shoal::data {

/// Memory for columns that leave this process: what is large lies in the machine's store from the first byte on, where the
/// calling thread's session has one, so that nothing is copied when it is sent. Everything else, and what the store has no
/// room for at the time, is the counted pool's. Thread-safe. Lives until the process ends.
arrow::MemoryPool* store_memory_pool();

/// Whether a buffer of that pool begins there which lies in the store.
bool lies_in_store(const std::uint8_t* first);

}  // namespace shoal::data
