#pragma once

#include <memory>
#include <string>

#include "data/io/s3_client.h"

namespace shoal::data {

/// Lists a bucket with ListObjectsV2. The first page is asked for at once; two pages at most are under way or waiting
/// to be taken. Errors come from next_page().
std::unique_ptr<ObjectLister> make_s3_lister(std::shared_ptr<S3Client> client, std::string bucket, std::string prefix,
                                             const ListOptions& options);

}  // namespace shoal::data
