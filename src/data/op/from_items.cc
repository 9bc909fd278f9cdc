#include "data/op/from_items.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>

#include "data/io/arrow_status.h"
#include "data/op/from_arrow.h"

namespace shoal::data {

Result<NodePtr> make_from_rows(Rows rows, const RangeOptions& options) {
  if (rows == nullptr) return Status(ErrorCode::invalid_argument, "FromItems: there are no rows");
  SHOAL_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Table> table, from_arrow(arrow::Table::FromRecordBatches({rows})));
  return make_from_arrow(std::move(table), options.parallelism, "FromItems");
}

}  // namespace shoal::data
