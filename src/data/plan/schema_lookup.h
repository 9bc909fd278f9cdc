#pragma once

#include "data/exec/settings.h"
#include "data/plan/node.h"

namespace shoal::data {

/// The plan's columns: from metadata, which may be a footer, where it tells them; else from running the plan until its
/// first row. Null where there is no row.
Result<SchemaPtr> find_schema(const NodePtr& plan, const RunSettings& settings);

}  // namespace shoal::data
