#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace shoal::data {

/// Memory for bytes that a store reads, not initialised. Large ones come from the counted pool, which keeps freed
/// pages for the next read, where malloc gives them back to the kernel: to fault them in again costs more than to
/// copy the bytes. Throws std::bad_alloc. Any thread.
std::shared_ptr<std::uint8_t[]> allocate_read_memory(std::size_t bytes);

}  // namespace shoal::data
