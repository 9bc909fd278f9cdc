#include "data/op/read_parquet.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "data/io/arrow_file.h"
#include "data/io/arrow_status.h"
#include "data/io/parquet_footer.h"
#include "data/op/columns.h"
#include "data/op/expr_arrow.h"
#include "data/op/list_parquet.h"
#include "data/op/parquet_schema.h"
#include "data/rows/plain_text.h"
#include "data/op/parquet_task.h"
#include "data/op/ship.h"

namespace shoal::data {
namespace {

/// Bytes of the batches that are decoded at a time: small enough to stay in the cache until the next step has them,
/// large enough to go on as blocks of their own.
constexpr std::int64_t k_batch_bytes = 2 << 20;
constexpr std::int64_t k_batch_rows_min = 64;
constexpr std::int64_t k_uncertain_batch_rows = 64 << 10;  // Of texts of a kilobyte, 64 MiB.
/// Unwanted bytes between two wanted ranges that are read with them, and ranges that are not joined further.
constexpr std::int64_t k_hole_bytes = 64 << 10;
constexpr std::int64_t k_range_bytes = 16 << 20;

/// One task's row groups: opened without I/O, fetched with the others, decoded last.
class TaskReader {
 public:
  TaskReader(ParquetTask task, const ParquetSpec& spec, const StepContext& context)
      : task_(std::move(task)), spec_(spec), context_(context) {}

  /// Opens the file and adds what it will read to `fetch`. No I/O.
  Status plan(const Location& location, const std::shared_ptr<RangeFetch>& fetch) {
    return catch_parquet([&] { return plan_unguarded(location, fetch); }).with_context(task_.path);
  }

  /// The next rows of all columns that are decoded; null at the end.
  Result<Rows> next() {
    Result<Rows> rows = catch_parquet([&] { return next_unguarded(); });
    return rows.ok() ? std::move(rows) : rows.status().with_context(task_.path);
  }

 private:
  Status plan_unguarded(const Location& location, const std::shared_ptr<RangeFetch>& fetch) {
    SHOAL_ASSIGN_OR_RETURN(const auto footer, parse_parquet_metadata(task_.footer, task_.size));
    task_.footer.clear();
    SHOAL_ASSIGN_OR_RETURN(schema_, schema_of(*footer));
    SHOAL_ASSIGN_OR_RETURN(leaves_, leaf_columns(*footer, spec_.decoded_columns()));
    groups_.resize(static_cast<std::size_t>(footer->num_row_groups()));
    std::iota(groups_.begin(), groups_.end(), 0);

    const auto file = open_object_file(
        {location.store, location.root, location.key, task_.size, task_.etag, context_.stop}, count_reads(context_));
    parquet::ReaderProperties properties(context_.pool);
    properties.set_page_checksum_verification(true);
    auto opened = parquet::ParquetFileReader::Open(file, properties, footer);
    SHOAL_ASSIGN_OR_RETURN(
        const auto ranges,
        from_arrow(opened->GetReadRanges(groups_, leaves_, k_hole_bytes, k_range_bytes), ErrorCode::corrupt_data));
    std::vector<PlannedRange> planned;
    for (const arrow::io::ReadRange& range : ranges) {
      const std::int64_t length = std::min(range.length, task_.size - range.offset);
      planned.push_back(
          {range.offset, length, fetch->add({location.key, range.offset, length, task_.etag, task_.size})});
    }
    std::sort(planned.begin(), planned.end(), [](const auto& a, const auto& b) { return a.offset < b.offset; });
    file->plan_reads(fetch, planned);

    parquet::ArrowReaderProperties arrow_properties = parquet_arrow_properties();
    arrow_properties.set_batch_size(batch_rows(*footer));
    SHOAL_ASSIGN_OR_RETURN(
        reader_, from_arrow(parquet::arrow::FileReader::Make(context_.pool, std::move(opened), arrow_properties),
                            ErrorCode::corrupt_data));
    return Status();
  }

  Result<Rows> next_unguarded() {
    if (batches_ == nullptr) {
      SHOAL_ASSIGN_OR_RETURN(batches_,
                             from_arrow(reader_->GetRecordBatchReader(groups_, leaves_), ErrorCode::corrupt_data));
    }
    Rows rows;
    SHOAL_RETURN_IF_ERROR(from_arrow(batches_->ReadNext(&rows), ErrorCode::corrupt_data));
    if (rows == nullptr) {
      if (rows_ != task_.rows) {
        return Status(ErrorCode::corrupt_data,
                      fmt::format("it has {} rows where its footer claims {}; write it again", rows_, task_.rows));
      }
      batches_.reset();
      reader_.reset();
      return Rows();
    }
    rows_ += rows->num_rows();
    return checked(rows);
  }

  /// The batch with the columns' types as the schema check saw them; its bytes come from outside, so all are looked at.
  Result<Rows> checked(const Rows& rows) {
    SHOAL_RETURN_IF_ERROR(from_arrow(rows->ValidateFull(), ErrorCode::corrupt_data));
    if (columns_ == nullptr) {
      arrow::FieldVector fields;
      for (const auto& field : rows->schema()->fields()) {
        SHOAL_ASSIGN_OR_RETURN(const int i, column_index(*schema_, field->name(), "read_parquet"));
        fields.push_back(schema_->field(i));
      }
      columns_ = arrow::schema(std::move(fields));
    }
    return to_plain(rows, columns_, context_.pool);
  }

  std::int64_t batch_rows(const parquet::FileMetaData& footer) const {
    std::int64_t rows = std::numeric_limits<std::int32_t>::max();
    for (const int g : groups_) {
      const DecodedSize size = decoded_size(*footer.RowGroup(g), leaves_);
      const std::int64_t row_bytes = size.bytes / std::max<std::int64_t>(1, footer.RowGroup(g)->num_rows());
      rows = std::min(rows, std::min(k_batch_bytes, context_.block_bytes) / std::max<std::int64_t>(1, row_bytes));
      if (!size.is_certain) rows = std::min(rows, k_uncertain_batch_rows);
    }
    // A power of two, so that batches of the usual sizes seldom span two of these.
    return std::max(k_batch_rows_min, static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(rows))));
  }

  ParquetTask task_;
  const ParquetSpec& spec_;
  const StepContext& context_;
  SchemaPtr schema_;   // of the file
  SchemaPtr columns_;  // of its rows here
  std::vector<int> leaves_;
  std::vector<int> groups_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::int64_t rows_ = 0;
};

class ReadParquetStream final : public Stream {
 public:
  ReadParquetStream(std::shared_ptr<const ParquetSpec> spec, std::unique_ptr<Stream> input, const StepContext& context)
      : spec_(std::move(spec)), input_(std::move(input)), context_(context) {
    if (spec_->options.filter.has_value()) filter_.emplace(*spec_->options.filter, "read_parquet");
  }

  void prepare() override {
    input_->prepare();
    prepared_ = load();
  }

  Result<Rows> next() override {
    SHOAL_RETURN_IF_ERROR(prepared_);
    while (true) {
      if (context_.is_cancelled()) return Status(ErrorCode::cancelled, "read_parquet was cancelled");
      if (at_ == tasks_.size()) {
        SHOAL_RETURN_IF_ERROR(load());
        if (tasks_.empty()) return Rows();
      }
      SHOAL_ASSIGN_OR_RETURN(Rows rows, tasks_[at_]->next());
      if (rows == nullptr) {
        tasks_[at_++].reset();
        continue;
      }
      if (filter_.has_value()) {
        SHOAL_ASSIGN_OR_RETURN(rows, filter_->filter(rows, context_.pool));
        if (rows == nullptr) continue;
      }
      return project(rows);
    }
  }

 private:
  /// Takes the next block of tasks and sends the requests of all of them.
  Status load() {
    tasks_.clear();
    at_ = 0;
    SHOAL_ASSIGN_OR_RETURN(const Rows block, input_->next());
    if (block == nullptr) return Status();
    Location last;
    std::vector<std::shared_ptr<RangeFetch>> fetches;
    for (ParquetTask& task : to_parquet_tasks(block)) {
      SHOAL_ASSIGN_OR_RETURN(Location location, context_.storage->locate(task.path, spec_->options.storage));
      if (fetches.empty() || location.store != last.store || location.root != last.root) {
        fetches.push_back(
            std::make_shared<RangeFetch>(location.store, location.root, count_reads(context_), context_.stop));
      }
      last = location;
      tasks_.push_back(std::make_unique<TaskReader>(std::move(task), *spec_, context_));
      SHOAL_RETURN_IF_ERROR(tasks_.back()->plan(location, fetches.back()));
    }
    for (const auto& fetch : fetches) fetch->start();
    return Status();
  }

  /// The columns asked for, in the order asked.
  Result<Rows> project(const Rows& rows) const {
    if (spec_->options.columns.empty()) return rows;
    std::vector<int> at;
    for (const std::string& column : spec_->options.columns) {
      SHOAL_ASSIGN_OR_RETURN(const int i, column_index(*rows->schema(), column, "read_parquet"));
      at.push_back(i);
    }
    return from_arrow(rows->SelectColumns(at));
  }

  const std::shared_ptr<const ParquetSpec> spec_;
  const std::unique_ptr<Stream> input_;
  const StepContext& context_;
  std::optional<ExprEvaluator> filter_;
  Status prepared_;
  std::vector<std::unique_ptr<TaskReader>> tasks_;
  std::size_t at_ = 0;
};

class ReadParquetStep final : public Step {
 public:
  explicit ReadParquetStep(std::shared_ptr<const ParquetSpec> spec) : spec_(std::move(spec)) {}

  std::string label() const override { return "ReadParquet"; }
  Result<Shipped<Step>> ship() const override { return ship_as<ReadParquetStep>(parts_of(*spec_)); }
  static Result<std::shared_ptr<const Step>> remake(const ParquetParts& parts) {
    SHOAL_ASSIGN_OR_RETURN(auto spec, spec_of(parts));
    return std::shared_ptr<const Step>(std::make_shared<ReadParquetStep>(std::move(spec)));
  }
  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext& context, StepState*) const override {
    return std::make_unique<ReadParquetStream>(spec_, std::move(input), context);
  }

 private:
  const std::shared_ptr<const ParquetSpec> spec_;
};

NodePtr make_node(std::shared_ptr<const ParquetSpec> spec, NodePtr listing);

class ReadParquetNode : public Node, public AcceptsProjection, public AcceptsPredicate, public ReadsSchema {
 public:
  ReadParquetNode(std::shared_ptr<const ParquetSpec> spec, NodePtr listing)
      : Node(std::move(listing)), spec_(std::move(spec)) {
    options_.concurrency = spec_->options.parallelism;
  }

  std::string describe() const override {
    const ParquetOptions& options = spec_->options;
    std::string text = fmt::format("ReadParquet({}", spec_->uris.front());
    if (spec_->uris.size() > 1) text += fmt::format(" and {} more", spec_->uris.size() - 1);
    if (!options.columns.empty()) text += fmt::format(", columns {}", fmt::join(options.columns, ", "));
    if (options.filter.has_value()) text += fmt::format(", filter {}", options.filter->to_string());
    return text + ")";
  }
  NodePtr with_input(NodePtr listing) const override { return make_node(spec_, std::move(listing)); }
  std::shared_ptr<const Step> step() const override { return std::make_shared<ReadParquetStep>(spec_); }
  const StepOptions* options() const override { return &options_; }

  NodePtr with_columns(const std::vector<std::string>& columns) const override {
    if (!check_names(columns, "read_parquet").ok() || !has_all(columns)) return nullptr;
    ParquetSpec spec = *spec_;
    spec.options.columns = columns;
    return remade(std::move(spec));
  }
  NodePtr with_predicate(const Expr& predicate) const override {
    if (!has_all(predicate.columns())) return nullptr;
    ParquetSpec spec = *spec_;
    spec.options.filter = spec.options.filter.has_value() ? *spec.options.filter && predicate : predicate;
    return remade(std::move(spec));
  }
  Result<SchemaPtr> read_schema() const override { return read_parquet_schema(spec_); }

 protected:
  const std::shared_ptr<const ParquetSpec>& spec() const { return spec_; }

 private:
  /// Whether the output has these columns, as far as its options tell.
  bool has_all(const std::vector<std::string>& columns) const {
    const std::vector<std::string>& mine = spec_->options.columns;
    return mine.empty() || std::all_of(columns.begin(), columns.end(), [&](const std::string& column) {
             return std::find(mine.begin(), mine.end(), column) != mine.end();
           });
  }
  static NodePtr remade(ParquetSpec spec) {
    auto shared = std::make_shared<const ParquetSpec>(std::move(spec));
    Result<NodePtr> listing = make_list_parquet(shared);
    return listing.ok() ? make_node(std::move(shared), std::move(*listing)) : nullptr;
  }

  const std::shared_ptr<const ParquetSpec> spec_;
  StepOptions options_;
};

/// Without a filter, footers tell how many rows there are.
class CountedReadParquetNode final : public ReadParquetNode, public CountsRows {
 public:
  using ReadParquetNode::ReadParquetNode;
  Result<std::int64_t> count_rows() const override { return count_parquet_rows(spec()); }
};

NodePtr make_node(std::shared_ptr<const ParquetSpec> spec, NodePtr listing) {
  if (spec->options.filter.has_value()) return std::make_shared<ReadParquetNode>(std::move(spec), std::move(listing));
  return std::make_shared<CountedReadParquetNode>(std::move(spec), std::move(listing));
}

}  // namespace

Result<NodePtr> make_read_parquet(std::vector<std::string> uris, const ParquetOptions& options) {
  if (!options.columns.empty()) SHOAL_RETURN_IF_ERROR(check_names(options.columns, "read_parquet"));
  if (options.parallelism.has_value() && *options.parallelism < 1) {
    return Status(ErrorCode::invalid_argument,
                  fmt::format("read_parquet: parallelism is {}, but must be at least 1", *options.parallelism));
  }
  auto spec = std::make_shared<const ParquetSpec>(ParquetSpec{std::move(uris), options});
  SHOAL_ASSIGN_OR_RETURN(NodePtr listing, make_list_parquet(spec));
  return make_node(std::move(spec), std::move(listing));
}

}  // namespace shoal::data
