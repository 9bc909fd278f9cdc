#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "data/io/object_store.h"

namespace shoal::data {

/// Whether a write survives a power loss the moment it returns, or once the system has written it back. Flushing takes
/// 0.5 to 10 ms a file, too long for tens of thousands of small ones.
enum class Durability : std::uint8_t { flushed, written_back };

/// Writes `path` through an unfinished file in the same folder, which commit() renames. Makes the folders that are
/// missing; abort() takes those away again that are still empty.
/// What was written is added to `bytes_written`. Precondition: `path` is absolute and normal.
Result<std::unique_ptr<Upload>> start_local_upload(std::string path, Durability durability,
                                                   std::shared_ptr<std::atomic<std::int64_t>> bytes_written);

}  // namespace shoal::data
