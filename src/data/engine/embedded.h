#pragma once

#include <memory>

#include "data/engine/engine.h"

namespace shoal::data {

struct EmbeddedOptions {
  Resources resources{};
  std::int64_t block_bytes = 64 << 20;
  bool limited = false;               ///< As StepContext's.
  arrow::MemoryPool* pool = nullptr;  ///< Null = the process's counted pool.
  StorageClients* storage = nullptr;  ///< Null = the process's.
};

/// An engine of threads in this process with blocks on the heap. Threads are shared by all runs of the process, made
/// when a fragment is ready and no thread is idle, and leave after an idle second; one stays while there is an engine.
/// Error: io, where the system has no thread left.
Result<std::unique_ptr<Engine>> make_embedded_engine(const EmbeddedOptions& options);

}  // namespace shoal::data
