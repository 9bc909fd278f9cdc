#pragma once

#include <memory>
#include <string>

#include "data/io/s3_client.h"

namespace shoal::data {

/// Begins a multipart upload of one object. Parts of 8 MiB, four of them under way at once; nothing is visible before
/// commit(). One thread at a time. Limit: 10,000 parts.
Result<std::unique_ptr<Upload>> start_s3_upload(std::shared_ptr<S3Client> client, std::string bucket, std::string key);

}  // namespace shoal::data
