#pragma once

#include <compare>
#include <cstdint>

#include "base/status.h"

namespace shoal::inline v1 {

/// Code of a program or library, wherever a process happens to have loaded it: the same in every process that has the
/// same build of it.
struct CodeAddress {
  std::uint64_t module = 0;  ///< First 8 bytes of the module's GNU build id, read as a big-endian number; 0 = none.
  std::uint64_t offset = 0;  ///< From where the module is loaded.
  friend auto operator<=>(const CodeAddress&, const CodeAddress&) = default;
};

/// Of a function in this process. Any thread may ask; cheap after the first call. Errors: invalid_argument where `code` is
/// in no loaded module's code, unsupported where that module was linked without a build id.
Result<CodeAddress> code_address(const void* code);

/// The function in this process. What it points to is code of the right build, and the caller's word that it is a
/// function's begin. Errors: not_found where no such build is loaded, corrupt_data where the offset is not in its code.
Result<const void*> code_at(const CodeAddress& address);

}  // namespace shoal::inline v1
