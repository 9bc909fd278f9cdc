#include "data/plan/schema_lookup.h"

#include <arrow/record_batch.h>

#include "data/op/limit.h"
#include "data/plan/launch.h"

namespace shoal::data {
namespace {

/// From what nodes know and from footers; null where these do not tell.
Result<SchemaPtr> schema_from_metadata(const Node& node) {
  if (SchemaPtr schema = known_schema(node)) return schema;
  if (const auto* reader = dynamic_cast<const ReadsSchema*>(&node)) return reader->read_schema();
  if (node.input() == nullptr) return SchemaPtr();
  SHOAL_ASSIGN_OR_RETURN(const SchemaPtr input, schema_from_metadata(*node.input()));
  return input == nullptr ? SchemaPtr() : node.known_schema(input);
}

}  // namespace

Result<SchemaPtr> find_schema(const NodePtr& plan, const RunSettings& settings) {
  SHOAL_ASSIGN_OR_RETURN(SchemaPtr schema, schema_from_metadata(*plan));
  if (schema != nullptr) return schema;
  const auto first_row = std::make_shared<WindowNode>(plan, RowWindow{0, 1});
  SHOAL_ASSIGN_OR_RETURN(const auto run, PlanRun::start(first_row, settings, nullptr));
  SHOAL_ASSIGN_OR_RETURN(const Run::Delivered block, run->next());
  return block.rows == nullptr ? SchemaPtr() : block.rows->schema();
}

}  // namespace shoal::data
