#pragma once

#include <memory>

#include "data/io/object_store.h"

namespace shoal::data {

/// A client of one S3-compatible endpoint. Resolves credentials, region and endpoint once, here; sends nothing.
Result<std::shared_ptr<ObjectStore>> make_s3_store(const StorageOptions& options);

}  // namespace shoal::data
