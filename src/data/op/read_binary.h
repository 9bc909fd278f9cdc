#pragma once

#include <string>
#include <vector>

#include <shoal/data/read_options.h>

#include "data/plan/node.h"

namespace shoal::data {

/// Files as they are, one row each: path (by option), bytes (binary). Errors: those of make_list_files(). Errors of
/// the run: unsupported for a file over 2 GiB, which no row can hold.
Result<NodePtr> make_read_binary(std::vector<std::string> uris, BinaryOptions options);

}  // namespace shoal::data
