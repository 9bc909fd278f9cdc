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

/// An engine in this process with blocks on the heap. Fragments run as tasks of the session that the calling thread is in,
/// which shares its CPUs among them and all its other tasks; where there is none, of one that the engine has for itself, with
/// `resources`. GPUs and memory are not asked of the session. When that ends, all fragments fail (`cancelled`).
/// Error: io, where the system has no thread left.
Result<std::unique_ptr<Engine>> make_embedded_engine(const EmbeddedOptions& options);

}  // namespace shoal::data
