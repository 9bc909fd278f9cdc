#pragma once

#include "wire/failure.h"

namespace shoal {

/// Throws what get() throws for it: an exception that derives from RemoteError, and from what there is nearest to it.
[[noreturn]] void raise(const wire::FailurePtr& failure);

}  // namespace shoal
