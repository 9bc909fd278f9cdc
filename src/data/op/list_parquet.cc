#include "data/op/list_parquet.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_primitive.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <numeric>

#include "data/io/arrow_file.h"
#include "data/io/parquet_footer.h"
#include "data/op/columns.h"
#include "data/op/list_files.h"
#include "data/op/parquet_prune.h"
#include "data/op/parquet_schema.h"
#include "data/op/parquet_task.h"
#include "data/op/ship.h"

namespace shoal::data {
namespace {

/// Bytes of the first blocks, small so that rows arrive soon; later ones double up to the largest, which is small
/// enough that several are under way and that the last ones end at about the same time.
constexpr std::int64_t k_first_block_bytes = 1 << 20;
constexpr std::int64_t k_largest_block_bytes = 32 << 20;
/// Blocks of a listing whose footers are on their way at once.
constexpr std::size_t k_listed_ahead = 8;

struct ParquetFile {
  std::string path;
  std::string key;
  std::int64_t size = 0;
  std::string etag;
  std::shared_ptr<parquet::FileMetaData> footer;
};

/// A row group to read, and its decoded bytes.
struct Unit {
  std::shared_ptr<const ParquetFile> file;
  int group = 0;
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
};

/// The files of one block of a listing, with their tails on the way.
class Tails {
 public:
  Tails(const Rows& listed, const ParquetSpec& spec, const StepContext& context)
      : context_(context), storage_(spec.options.storage), listed_(listed) {}

  /// Sends the first requests.
  Status start() {
    for (std::int64_t row = 0; row < listed_->num_rows(); ++row) {
      ParquetFile file{text(row, k_list_path), text(row, k_list_key), number(row, k_list_size), text(row, k_list_etag),
                       nullptr};
      SHOAL_ASSIGN_OR_RETURN(Location location, context_.storage->locate(file.path, storage_));
      if (fetches_.empty() || location.store != fetches_.back().store || location.root != fetches_.back().root) {
        fetches_.push_back(
            {location.store, location.root,
             std::make_shared<RangeFetch>(location.store, location.root, count_reads(context_), context_.stop)});
      }
      const std::int64_t length = std::min(file.size, k_parquet_tail_bytes);
      const std::size_t number = fetches_.back().fetch->add(
          {location.key, file.size - length, length, file.etag, file.size});
      files_.push_back({std::move(file), std::move(location), fetches_.back().fetch, number});
    }
    for (Fetch& fetch : fetches_) fetch.fetch->start();
    return Status();
  }

  bool is_empty() const { return files_.empty(); }

  /// The next file with its footer; blocks. Precondition: not empty.
  Result<ParquetFile> next() {
    Pending pending = std::move(files_.front());
    files_.pop_front();
    Result<std::shared_ptr<parquet::FileMetaData>> footer = read_footer(pending);
    if (!footer.ok()) return footer.status().with_context(pending.file.path);
    pending.file.footer = std::move(*footer);
    return std::move(pending.file);
  }

 private:
  struct Fetch {
    std::shared_ptr<ObjectStore> store;
    std::string root;
    std::shared_ptr<RangeFetch> fetch;
  };
  struct Pending {
    ParquetFile file;
    Location location;
    std::shared_ptr<RangeFetch> fetch;
    std::size_t number = 0;
  };

  std::string text(std::int64_t row, int column) const {
    return static_cast<const arrow::StringArray&>(*listed_->column(column)).GetString(row);
  }
  std::int64_t number(std::int64_t row, int column) const {
    return static_cast<const arrow::Int64Array&>(*listed_->column(column)).Value(row);
  }

  Result<std::shared_ptr<parquet::FileMetaData>> read_footer(const Pending& pending) {
    const ParquetFile& file = pending.file;
    SHOAL_ASSIGN_OR_RETURN(Bytes tail, pending.fetch->get(pending.number));
    pending.fetch->forget(pending.number);
    SHOAL_ASSIGN_OR_RETURN(const std::int64_t needed, parquet_footer_bytes(tail.span(), file.size));
    if (needed > static_cast<std::int64_t>(tail.size())) {
      RangeFetch more(pending.location.store, pending.location.root, count_reads(context_), context_.stop);
      more.add({pending.location.key, file.size - needed, needed, file.etag, file.size});
      SHOAL_ASSIGN_OR_RETURN(tail, more.get(0));
    }
    return parse_parquet_footer(tail.span(), file.size);
  }

  const StepContext& context_;
  const StorageOptions& storage_;
  const Rows listed_;
  std::vector<Fetch> fetches_;
  std::deque<Pending> files_;
};

/// The files of a listing in order, each with its footer and checked against the others.
class FooterStream {
 public:
  FooterStream(std::shared_ptr<const ParquetSpec> spec, std::unique_ptr<Stream> listing, const StepContext& context)
      : spec_(std::move(spec)), context_(context), listing_(std::move(listing)) {}

  /// The next file; null at the end.
  Result<std::shared_ptr<const ParquetFile>> next() {
    SHOAL_RETURN_IF_ERROR(list_ahead());
    if (tails_.empty()) return std::shared_ptr<const ParquetFile>();
    SHOAL_ASSIGN_OR_RETURN(ParquetFile file, tails_.front()->next());
    if (tails_.front()->is_empty()) tails_.pop_front();
    return std::make_shared<const ParquetFile>(std::move(file));
  }

 private:
  /// Keeps footers of more and more files on the way, so that the first ones wait for one page of the listing alone.
  Status list_ahead() {
    const std::size_t ahead = std::min(k_listed_ahead, listed_ + 1);
    while (!listing_ended_ && tails_.size() < ahead) {
      if (context_.is_cancelled()) return Status(ErrorCode::cancelled, "read_parquet was cancelled");
      SHOAL_ASSIGN_OR_RETURN(const Rows listed, listing_->next());
      listing_ended_ = listed == nullptr;
      if (listing_ended_) break;
      ++listed_;
      tails_.push_back(std::make_unique<Tails>(listed, *spec_, context_));
      SHOAL_RETURN_IF_ERROR(tails_.back()->start());
    }
    return Status();
  }

  const std::shared_ptr<const ParquetSpec> spec_;
  const StepContext& context_;
  const std::unique_ptr<Stream> listing_;
  bool listing_ended_ = false;
  std::size_t listed_ = 0;
  std::deque<std::unique_ptr<Tails>> tails_;
};

class ListParquetStream final : public Stream {
 public:
  ListParquetStream(std::shared_ptr<const ParquetSpec> spec, std::unique_ptr<Stream> listing, SharedSchema& schema,
                    int parallelism, const StepContext& context)
      : spec_(spec),
        schema_(schema),
        parallelism_(std::max(1, parallelism)),
        context_(context),
        footers_(std::move(spec), std::move(listing), context) {}

  Result<Rows> next() override {
    const std::int64_t limit = block_limit();
    while (!ended_ && bytes_ < (blocks_ == 0 ? first_bytes() : limit)) { SHOAL_RETURN_IF_ERROR(add_file()); }
    if (blocks_ == 0 && ended_) share_ = std::max<std::int64_t>(1, bytes_ / parallelism_);
    if (units_.empty()) return Rows();
    return take_block(std::min(limit, share_));
  }

 private:
  /// Before the first block: so much that everybody's share is known where all is little; with a limit one file.
  std::int64_t first_bytes() const { return context_.limited ? 1 : parallelism_ * k_first_block_bytes; }

  std::int64_t block_limit() const {
    const std::int64_t largest = std::min(context_.block_bytes, k_largest_block_bytes);
    const std::int64_t doublings = std::min<std::int64_t>(blocks_ / parallelism_, 16);
    return std::max<std::int64_t>(1, std::min(largest, k_first_block_bytes << doublings));
  }

  Status add_file() {
    SHOAL_ASSIGN_OR_RETURN(const std::shared_ptr<const ParquetFile> file, footers_.next());
    ended_ = file == nullptr;
    return ended_ ? Status() : add_units(file).with_context(file->path);
  }

  Status add_units(const std::shared_ptr<const ParquetFile>& file) {
    const parquet::FileMetaData& footer = *file->footer;
    SHOAL_ASSIGN_OR_RETURN(const SchemaPtr schema, schema_of(footer));
    SHOAL_RETURN_IF_ERROR(schema_.check(schema, file->path));
    SHOAL_ASSIGN_OR_RETURN(const std::vector<int> leaves, leaf_columns(footer, spec_->decoded_columns()));
    std::vector<int> groups(static_cast<std::size_t>(footer.num_row_groups()));
    std::iota(groups.begin(), groups.end(), 0);
    if (spec_->options.filter.has_value()) {
      SHOAL_ASSIGN_OR_RETURN(groups, possible_row_groups(footer, *schema, *spec_->options.filter));
    }
    for (const int g : groups) {
      const auto group = footer.RowGroup(g);
      if (group->num_rows() == 0) continue;
      const std::int64_t bytes = 1 + decoded_size(*group, leaves).bytes;
      units_.push_back({file, g, group->num_rows(), bytes});
      bytes_ += bytes;
    }
    return Status();
  }

  /// Row groups of `limit` bytes together, or one that is larger, as rows.
  Result<Rows> take_block(std::int64_t limit) {
    std::vector<ParquetTask> tasks;
    std::vector<std::shared_ptr<const ParquetFile>> files;  // Of each task.
    std::int64_t taken = 0;
    while (!units_.empty() && (taken == 0 || taken + units_.front().bytes <= limit)) {
      const Unit unit = std::move(units_.front());
      units_.pop_front();
      bytes_ -= unit.bytes;
      taken += unit.bytes;
      if (!files.empty() && unit.file == files.back() && unit.group == tasks.back().first_group + tasks.back().groups) {
        ++tasks.back().groups;
        tasks.back().rows += unit.rows;
        continue;
      }
      const ParquetFile& file = *files.emplace_back(unit.file);
      tasks.push_back({file.path, file.key, file.size, file.etag, unit.group, 1, unit.rows, {}});
    }
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      SHOAL_ASSIGN_OR_RETURN(tasks[i].footer,
                             serialize_row_groups(*files[i]->footer, static_cast<int>(tasks[i].first_group),
                                                  static_cast<int>(tasks[i].groups)));
    }
    ++blocks_;
    return to_rows(tasks, context_.pool);
  }

  const std::shared_ptr<const ParquetSpec> spec_;
  SharedSchema& schema_;
  const std::int64_t parallelism_;
  const StepContext& context_;
  FooterStream footers_;
  bool ended_ = false;
  std::deque<Unit> units_;
  std::int64_t bytes_ = 0;  // Of units_.
  std::int64_t blocks_ = 0;
  std::int64_t share_ = k_largest_block_bytes;  // Of each unit of parallelism where all is little.
};

Result<NodePtr> listing_of(const ParquetSpec& spec) {
  ListFilesOptions options;
  options.uris = spec.uris;
  options.storage = spec.options.storage;
  options.parallelism = 1;  // Blocks of the listing are cut anew, by row groups.
  return make_list_files(std::move(options));
}

class ListParquetSource final : public Source {
 public:
  ListParquetSource(std::shared_ptr<const ParquetSpec> spec, std::shared_ptr<const Source> listing)
      : spec_(std::move(spec)), listing_(std::move(listing)) {}

  std::string label() const override { return "ListParquet"; }
  Result<std::int64_t> split_count(int parallelism_hint, std::int64_t block_bytes) const override {
    parallelism_ = parallelism_hint;
    return listing_->split_count(1, block_bytes);
  }
  std::unique_ptr<Stream> open(std::int64_t split, const StepContext& context) const override {
    return std::make_unique<ListParquetStream>(spec_, listing_->open(split, context), schema_, parallelism_, context);
  }
  Result<Shipped<Source>> ship() const override {
    return ship_as<ListParquetSource>(parts_of(*spec_), parallelism_.load());
  }
  static Result<std::shared_ptr<const Source>> remake(const ParquetParts& parts, int parallelism) {
    SHOAL_ASSIGN_OR_RETURN(auto spec, shoal::data::spec_of(parts));
    SHOAL_ASSIGN_OR_RETURN(const NodePtr listing, listing_of(*spec));
    auto source = std::make_shared<ListParquetSource>(std::move(spec), listing->source());
    SHOAL_RETURN_IF_ERROR(source->split_count(parallelism, 0).status());
    return std::shared_ptr<const Source>(std::move(source));
  }

 private:
  const std::shared_ptr<const ParquetSpec> spec_;
  const std::shared_ptr<const Source> listing_;
  mutable std::atomic<int> parallelism_{1};  // Told once, before the first open().
  mutable SharedSchema schema_;
};

class ListParquetNode final : public Node {
 public:
  ListParquetNode(std::shared_ptr<const ParquetSpec> spec, NodePtr listing)
      : spec_(std::move(spec)), listing_(std::move(listing)) {
    options_.num_cpus = 0;
  }

  std::string describe() const override {
    const std::string text = listing_->describe();
    return "ListParquet" + text.substr(std::min(text.size(), text.find('(')));
  }
  NodePtr with_input(NodePtr) const override { return nullptr; }
  std::shared_ptr<const Source> source() const override {
    return std::make_shared<ListParquetSource>(spec_, listing_->source());
  }
  const StepOptions* options() const override { return &options_; }

 private:
  const std::shared_ptr<const ParquetSpec> spec_;
  const NodePtr listing_;
  StepOptions options_;
};

/// What the metadata calls read with: outside of any run.
struct MetadataRead {
  StepCounters counters;
  StepContext context;
  MetadataRead() {
    context.pool = arrow::default_memory_pool();
    context.storage = &process_storage_clients();
    context.counters = &counters;
  }
};

}  // namespace

ParquetParts parts_of(const ParquetSpec& spec) {
  const ParquetOptions& options = spec.options;
  ParquetParts parts{
      .uris = spec.uris, .columns = options.columns, .parallelism = options.parallelism, .storage = options.storage};
  if (options.filter.has_value()) parts.filter = terms_of(*options.filter);
  return parts;
}

Result<std::shared_ptr<const ParquetSpec>> spec_of(const ParquetParts& parts) {
  ParquetOptions options{.columns = parts.columns, .parallelism = parts.parallelism, .storage = parts.storage};
  if (parts.filter) { SHOAL_ASSIGN_OR_RETURN(options.filter, expr_of(*parts.filter)); }
  return std::make_shared<const ParquetSpec>(ParquetSpec{parts.uris, std::move(options)});
}

std::vector<std::string> ParquetSpec::decoded_columns() const {
  if (options.columns.empty() || !options.filter.has_value()) return options.columns;
  return with_names(options.columns, options.filter->columns());
}

Result<NodePtr> make_list_parquet(std::shared_ptr<const ParquetSpec> spec) {
  SHOAL_ASSIGN_OR_RETURN(NodePtr listing, listing_of(*spec));
  return NodePtr(std::make_shared<ListParquetNode>(std::move(spec), std::move(listing)));
}

Result<SchemaPtr> projected_schema(const arrow::Schema& file, const ParquetSpec& spec) {
  if (spec.options.columns.empty()) return arrow::schema(file.fields());
  arrow::FieldVector fields;
  for (const std::string& column : spec.options.columns) {
    SHOAL_ASSIGN_OR_RETURN(const int i, column_index(file, column, "read_parquet"));
    fields.push_back(file.field(i));
  }
  return arrow::schema(std::move(fields));
}

Result<std::int64_t> count_parquet_rows(const std::shared_ptr<const ParquetSpec>& spec) {
  MetadataRead read;
  SHOAL_ASSIGN_OR_RETURN(const NodePtr listing, listing_of(*spec));
  const std::shared_ptr<const Source> source = listing->source();
  SHOAL_ASSIGN_OR_RETURN(const std::int64_t splits, source->split_count(1, read.context.block_bytes));
  SharedSchema schema;
  std::int64_t rows = 0;
  for (std::int64_t split = 0; split < splits; ++split) {
    FooterStream footers(spec, source->open(split, read.context), read.context);
    while (true) {
      SHOAL_ASSIGN_OR_RETURN(const std::shared_ptr<const ParquetFile> file, footers.next());
      if (file == nullptr) break;
      SHOAL_ASSIGN_OR_RETURN(const SchemaPtr columns, schema_of(*file->footer));
      SHOAL_RETURN_IF_ERROR(schema.check(columns, file->path));
      SHOAL_RETURN_IF_ERROR(projected_schema(*columns, *spec).status());
      rows += file->footer->num_rows();
    }
  }
  return rows;
}

Result<SchemaPtr> read_parquet_schema(const std::shared_ptr<const ParquetSpec>& spec) {
  MetadataRead read;
  SHOAL_ASSIGN_OR_RETURN(const NodePtr listing, listing_of(*spec));
  const std::shared_ptr<const Source> source = listing->source();
  SHOAL_RETURN_IF_ERROR(source->split_count(1, read.context.block_bytes).status());
  FooterStream footers(spec, source->open(0, read.context), read.context);
  SHOAL_ASSIGN_OR_RETURN(const std::shared_ptr<const ParquetFile> file, footers.next());
  if (file == nullptr) return SchemaPtr();
  SHOAL_ASSIGN_OR_RETURN(const SchemaPtr schema, schema_of(*file->footer));
  return projected_schema(*schema, *spec);
}

}  // namespace shoal::data
