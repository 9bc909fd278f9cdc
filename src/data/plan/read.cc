#include <shoal/data/read.h>

#include "data/op/from_arrow.h"
#include "data/op/from_items.h"
#include "data/op/list_files.h"
#include "data/op/range.h"
#include "data/op/range_tensor.h"
#include "data/op/read_binary.h"
#include "data/op/read_images.h"
#include "data/op/read_parquet.h"
#include "data/op/read_text.h"
#include "data/plan/node.h"

namespace shoal::data::inline v1 {
namespace {

/// The dataset of a source that was made; throws where it was not.
Dataset dataset_of(Result<NodePtr> node, RunOptions run) {
  return Dataset(std::move(node).value_or_throw(), std::move(run));
}

}  // namespace

Dataset read_images(Uris uris, ImageOptions options, RunOptions run) {
  return dataset_of(make_read_images(uris.list(), std::move(options)), std::move(run));
}

Dataset read_parquet(Uris uris, ParquetOptions options, RunOptions run) {
  return dataset_of(make_read_parquet(uris.list(), options), std::move(run));
}

Dataset read_binary(Uris uris, BinaryOptions options, RunOptions run) {
  return dataset_of(make_read_binary(uris.list(), std::move(options)), std::move(run));
}

Dataset read_text(Uris uris, TextOptions options, RunOptions run) {
  return dataset_of(make_read_text(uris.list(), std::move(options)), std::move(run));
}

Dataset list_objects(Uris uris, ListOptions options, RunOptions run) {
  return dataset_of(make_list_objects(uris.list(), std::move(options)), std::move(run));
}

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
