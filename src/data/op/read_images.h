#pragma once

#include <string>
#include <vector>

#include <shoal/data/read_options.h>

#include "data/plan/node.h"

namespace shoal::data {

/// JPEG and PNG files, one row each: image (uint8 tensor, of one shape where `size` is given, else of varying shape),
/// path (by option). Errors: those of make_list_files(), invalid_argument for a size that is none. Errors of the run:
/// corrupt_data and unsupported with the path and the cause, for files that the quarantine does not take.
Result<NodePtr> make_read_images(std::vector<std::string> uris, ImageOptions options);

}  // namespace shoal::data
