#include <shoal/data/read.h>

#include "data/op/from_arrow.h"
#include "data/op/from_items.h"
#include "data/op/range.h"
#include "data/op/range_tensor.h"
#include "data/plan/node.h"

namespace shoal::data::inline v1 {
namespace {

/// The dataset of a source that was made; throws where it was not.
Dataset dataset_of(Result<NodePtr> node, RunOptions run) {
  return Dataset(std::move(node).value_or_throw(), std::move(run));
}

}  // namespace

Dataset range(std::int64_t n, RangeOptions options, RunOptions run) {
  return dataset_of(make_range(n, options), std::move(run));
}

Dataset range_tensor(std::int64_t n, RangeTensorOptions options, RunOptions run) {
  return dataset_of(make_range_tensor(n, options), std::move(run));
}

Dataset from_arrow(std::shared_ptr<arrow::Table> table, RunOptions run) {
  return dataset_of(make_from_arrow(std::move(table)), std::move(run));
}

Dataset detail::from_rows(std::shared_ptr<arrow::RecordBatch> rows, const RangeOptions& options, RunOptions run) {
  return dataset_of(make_from_rows(std::move(rows), options), std::move(run));
}

}  // namespace shoal::data::inline v1
