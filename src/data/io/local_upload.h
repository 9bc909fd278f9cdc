#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "data/io/object_store.h"

namespace shoal::data {

/// Writes `path` through an unfinished file in the same folder, which commit() renames. Makes the folders that are
/// missing; abort() takes those away again that are still empty. Durable when commit() returns.
/// What was written is added to `bytes_written`. Precondition: `path` is absolute and normal.
Result<std::unique_ptr<Upload>> start_local_upload(std::string path,
                                                   std::shared_ptr<std::atomic<std::int64_t>> bytes_written);

}  // namespace shoal::data
