#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "data/io/s3_client.h"

namespace shoal::data {

/// Lists a bucket with ListObjectsV2. The first page is asked for at once, further ones from the second next_page()
/// on. Large folders are listed beside each other, with two requests under way and ten pages waiting at most; the order
/// of the keys' bytes is kept. Errors come from next_page(), again with each call.
std::unique_ptr<ObjectLister> make_s3_lister(std::shared_ptr<S3Client> client, std::string bucket, std::string prefix,
                                             const ListOptions& options, const std::stop_token& stop);

}  // namespace shoal::data
