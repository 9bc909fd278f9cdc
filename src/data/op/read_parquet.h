#pragma once

#include <string>
#include <vector>

#include <shoal/data/table_options.h>

#include "data/plan/node.h"

namespace shoal::data {

/// The rows of Parquet files: a node that reads over one that lists (make_list_parquet). Takes projections and
/// predicates; counts from footers where it has no filter.
/// Errors: invalid_argument (no URI, a malformed one, a column named twice), unsupported (a scheme).
Result<NodePtr> make_read_parquet(std::vector<std::string> uris, const ParquetOptions& options = {});

}  // namespace shoal::data
