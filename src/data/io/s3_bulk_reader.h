#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "data/io/s3_client.h"

namespace shoal::data {

/// Reads with up to 128 requests in flight and 32 MiB ahead of the caller, in order. The loop's thread sends the next
/// request as one completes; the caller is woken once per batch of objects, not once per object.
std::unique_ptr<BulkReader> make_s3_bulk_reader(std::shared_ptr<S3Client> client, std::string bucket,
                                                std::vector<ReadRequest> requests, const std::stop_token& stop);

/// An ETag that may stand in a header. Errors: invalid_argument.
Status check_read_request(const ReadRequest& request);

}  // namespace shoal::data
