#pragma once

#include <functional>
#include <memory>

#include "data/op/stream.h"

namespace shoal::data {

/// The batches of `input`, each through `apply`. What comes out without rows, or null, is left out.
std::unique_ptr<Stream> transform(std::unique_ptr<Stream> input, std::function<Result<Rows>(const Rows&)> apply);

}  // namespace shoal::data
