#include "data/op/write_parquet.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_primitive.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <algorithm>

#include "data/io/arrow_file.h"
#include "data/io/arrow_status.h"
#include "data/io/parquet_footer.h"
#include "data/io/posix_file.h"
#include "data/io/uri.h"
#include "data/op/parquet_schema.h"
#include "data/op/pending_uploads.h"
#include "data/rows/agreed_columns.h"
#include "data/rows/arrow_types.h"
#include "data/rows/block_bytes.h"

namespace shoal::data {

/// Where and how a job writes; `location.key` is empty or ends in a slash.
struct WriteJob::Target {
  Location location;
  std::string uri;
  WriteOptions options;
};

namespace {

/// A row group is ended at so many bytes of input, whatever its rows, since the writer holds it in memory; with a small
/// budget earlier, at so many blocks.
constexpr std::int64_t k_row_group_bytes = 64 << 20;
constexpr std::int64_t k_row_group_blocks = 4;

parquet::Compression::type codec(Compression compression) {
  switch (compression) {
    case Compression::snappy: return parquet::Compression::SNAPPY;
    case Compression::gzip: return parquet::Compression::GZIP;
    case Compression::zstd: return parquet::Compression::ZSTD;
    case Compression::lz4: return parquet::Compression::LZ4;
    case Compression::none: break;
  }
  return parquet::Compression::UNCOMPRESSED;
}

/// What a job writes of one file.
struct WrittenFile {
  std::string name;
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
};

Result<Rows> to_rows(const WrittenFile& file, arrow::MemoryPool* pool) {
  arrow::StringBuilder name(pool);
  arrow::Int64Builder rows(pool), bytes(pool);
  SHOAL_RETURN_IF_ERROR(from_arrow(name.Append(file.name)));
  SHOAL_RETURN_IF_ERROR(from_arrow(rows.Append(file.rows)));
  SHOAL_RETURN_IF_ERROR(from_arrow(bytes.Append(file.bytes)));
  arrow::ArrayVector columns(3);
  SHOAL_ASSIGN_OR_RETURN(columns[0], from_arrow(name.Finish()));
  SHOAL_ASSIGN_OR_RETURN(columns[1], from_arrow(rows.Finish()));
  SHOAL_ASSIGN_OR_RETURN(columns[2], from_arrow(bytes.Finish()));
  static const SchemaPtr schema = arrow::schema({arrow::field("file", arrow::utf8()),
                                                 arrow::field("rows", arrow::int64()),
                                                 arrow::field("bytes", arrow::int64())});
  return arrow::RecordBatch::Make(schema, 1, std::move(columns));
}

/// One file under way. Destroying it before finish() leaves nothing.
class ParquetFileWriter {
 public:
  static Result<std::unique_ptr<ParquetFileWriter>> open(const Location& location, std::string name,
                                                         const SchemaPtr& schema, const WriteOptions& options,
                                                         PendingUploads& uploads, const StepContext& context) {
    arrow::MemoryPool* const pool = context.pool;
    auto file = std::unique_ptr<ParquetFileWriter>(
        new ParquetFileWriter(std::move(name), options, context.block_bytes));
    SHOAL_ASSIGN_OR_RETURN(file->upload_, location.store->start_upload(location.root, location.key + file->name_));
    SHOAL_RETURN_IF_ERROR(uploads.track(file->upload_));
    file->stream_ = open_upload_stream(*file->upload_);
    const auto properties = parquet::WriterProperties::Builder()
                                .memory_pool(pool)
                                ->compression(codec(options.compression))
                                ->max_row_group_length(options.row_group_rows)
                                ->enable_page_checksum()
                                ->build();
    const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    Result<std::unique_ptr<parquet::arrow::FileWriter>> writer = catch_parquet([&] {
      return from_arrow(parquet::arrow::FileWriter::Open(*schema, pool, file->stream_, properties, arrow_properties),
                        ErrorCode::unsupported);
    });
    if (!writer.ok()) return writer.status();
    file->writer_ = std::move(*writer);
    return file;
  }

  Status write(const Rows& rows) {
    Status status = catch_parquet([&]() -> Status {
      if (group_bytes_ >= group_bytes_max_) {
        group_bytes_ = 0;
        SHOAL_RETURN_IF_ERROR(from_arrow(writer_->NewBufferedRowGroup(), ErrorCode::io));
      }
      return from_arrow(writer_->WriteRecordBatch(*rows), ErrorCode::unsupported);
    });
    rows_ += rows->num_rows();
    group_bytes_ += block_bytes(rows);
    return status;
  }

  bool is_full() const {
    return options_.file_bytes > 0 && stream_->Tell().ValueOr(0) + group_bytes_ >= options_.file_bytes;
  }

  /// Writes the footer and makes all of it durable, still invisible.
  Result<WrittenFile> finish() {
    SHOAL_RETURN_IF_ERROR(catch_parquet([&] { return from_arrow(writer_->Close(), ErrorCode::io); }));
    SHOAL_RETURN_IF_ERROR(upload_->finish());
    return WrittenFile{name_, rows_, stream_->Tell().ValueOr(0)};
  }

  std::shared_ptr<Upload> take_upload() {
    writer_.reset();
    stream_.reset();
    return std::move(upload_);
  }

 private:
  ParquetFileWriter(std::string name, const WriteOptions& options, std::int64_t block_bytes)
      : name_(std::move(name)),
        options_(options),
        group_bytes_max_(std::min({k_row_group_bytes, k_row_group_blocks * block_bytes,
                                   options.file_bytes > 0 ? options.file_bytes : k_row_group_bytes})) {}

  const std::string name_;
  const WriteOptions options_;
  const std::int64_t group_bytes_max_;
  std::shared_ptr<Upload> upload_;  // Outlives the stream, which outlives the writer.
  std::shared_ptr<arrow::io::OutputStream> stream_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  std::int64_t rows_ = 0;
  std::int64_t group_bytes_ = 0;  // Of input, in the current row group.
};

/// What the fragments of one write share.
struct WriteShared {
  Location location;
  std::string uri;
  WriteOptions options;
  std::shared_ptr<PendingUploads> uploads;
  SharedSchema schema;
};

class WriteParquetStream final : public Stream {
 public:
  WriteParquetStream(std::shared_ptr<WriteShared> shared, std::unique_ptr<Stream> input, const StepContext& context)
      : shared_(std::move(shared)), input_(std::move(input)), context_(context) {}

  void prepare() override { input_->prepare(); }

  /// Writes one file and tells what it wrote.
  Result<Rows> next() override {
    if (files_ == 0) SHOAL_RETURN_IF_ERROR(shared_->uploads->begin(context_.ordinal));
    while (true) {
      SHOAL_ASSIGN_OR_RETURN(const Rows rows, input_->next());
      if (rows == nullptr) {
        SHOAL_RETURN_IF_ERROR(named(write_waiting()));
        return file_ == nullptr ? Result<Rows>(Rows()) : finish();
      }
      if (context_.is_cancelled()) return Status(ErrorCode::cancelled, "write_parquet was cancelled");
      SHOAL_RETURN_IF_ERROR(named(write(rows)));
      if (file_ != nullptr && file_->is_full()) return finish();
    }
  }

 private:
  std::string name() const {
    return shared_->options.file_bytes > 0 ? fmt::format("part-{:05}-{:05}.parquet", context_.ordinal, files_)
                                           : fmt::format("part-{:05}.parquet", context_.ordinal);
  }

  /// The status with where it was to write; without success the file goes.
  Status named(const Status& status) {
    if (!status.ok()) file_.reset();
    return status.with_context(fmt::format("write_parquet to {}{}", shared_->uri, name()));
  }

  /// A file has its columns' types from the first row on, so rows wait until a value gave every column one, or until they
  /// are a block: then a column of nulls is written as such.
  Status write(const Rows& rows) {
    SHOAL_RETURN_IF_ERROR(shared_->schema.check(rows->schema(), name()));
    SHOAL_ASSIGN_OR_RETURN(const SchemaPtr columns, agree_on_columns(columns_, rows->schema()));
    if (file_ != nullptr && columns != columns_) {
      return Status(ErrorCode::schema_mismatch,
                    "a column was null in all rows so far, so the file has no type for its first value (" +
                        describe_columns(*columns) +
                        "); give it one in every row: let a function return a plain "
                        "struct with a std::optional member");
    }
    columns_ = columns;
    waiting_.push_back(rows);
    waiting_bytes_ += block_bytes(rows);
    const bool has_types = std::none_of(columns->fields().begin(), columns->fields().end(),
                                        [](const auto& field) { return field->type()->id() == arrow::Type::NA; });
    return has_types || file_ != nullptr || waiting_bytes_ >= context_.block_bytes ? write_waiting() : Status();
  }

  Status write_waiting() {
    for (const Rows& rows : waiting_) {
      if (file_ == nullptr) {
        SHOAL_ASSIGN_OR_RETURN(file_, ParquetFileWriter::open(shared_->location, name(), columns_, shared_->options,
                                                              *shared_->uploads, context_));
      }
      SHOAL_ASSIGN_OR_RETURN(const Rows columns, with_columns(rows, columns_, context_.pool));
      SHOAL_RETURN_IF_ERROR(file_->write(columns));
    }
    waiting_.clear();
    waiting_bytes_ = 0;
    return {};
  }

  Result<Rows> finish() {
    const std::unique_ptr<ParquetFileWriter> file = std::move(file_);
    const Result<WrittenFile> written = file->finish();
    if (!written.ok()) return named(written.status());
    SHOAL_RETURN_IF_ERROR(shared_->uploads->add(context_.ordinal, written->name, file->take_upload()));
    ++files_;
    return to_rows(*written, context_.pool);
  }

  const std::shared_ptr<WriteShared> shared_;
  const std::unique_ptr<Stream> input_;
  const StepContext& context_;
  std::unique_ptr<ParquetFileWriter> file_;
  std::int64_t files_ = 0;
  SchemaPtr columns_;          // of all rows so far
  std::vector<Rows> waiting_;  // to be written
  std::int64_t waiting_bytes_ = 0;
};

class WriteParquetStep final : public Step {
 public:
  explicit WriteParquetStep(std::shared_ptr<WriteShared> shared) : shared_(std::move(shared)) {}

  std::string label() const override { return "WriteParquet"; }
  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext& context, StepState*) const override {
    return std::make_unique<WriteParquetStream>(shared_, std::move(input), context);
  }

 private:
  const std::shared_ptr<WriteShared> shared_;
};

class WriteParquetNode final : public Node {
 public:
  WriteParquetNode(NodePtr input, std::shared_ptr<WriteShared> shared)
      : Node(std::move(input)), shared_(std::move(shared)) {}

  std::string describe() const override { return fmt::format("WriteParquet({})", shared_->uri); }
  NodePtr with_input(NodePtr input) const override {
    return std::make_shared<WriteParquetNode>(std::move(input), shared_);
  }
  std::shared_ptr<const Step> step() const override { return std::make_shared<WriteParquetStep>(shared_); }

 private:
  const std::shared_ptr<WriteShared> shared_;
};

Status check_options(const WriteOptions& options) {
  if (options.row_group_rows < 1) {
    return Status(ErrorCode::invalid_argument,
                  fmt::format("write_parquet: row_group_rows is {}, but must be at least 1", options.row_group_rows));
  }
  if (options.file_bytes < 0) {
    return Status(ErrorCode::invalid_argument,
                  fmt::format("write_parquet: file_bytes is {}, but must not be negative", options.file_bytes));
  }
  return Status();
}

/// Errors: already_exists.
Status check_empty(const Location& location, const std::string& uri) {
  SHOAL_ASSIGN_OR_RETURN(const std::unique_ptr<ObjectLister> lister,
                         location.store->list(location.root, location.key, ListOptions{}));
  SHOAL_ASSIGN_OR_RETURN(const std::vector<ObjectInfo> page, lister->next_page());
  if (page.empty()) return Status();
  return Status(ErrorCode::already_exists,
                fmt::format("write_parquet: {} is not empty, it has {}; choose another target, or remove what is there",
                            uri, page.front().key));
}

/// The folders of a local target that do not exist, innermost first. Errors: already_exists (the target is a file).
Result<std::vector<std::string>> missing_folders(const Location& location, const std::string& uri) {
  std::vector<std::string> missing;
  std::string folder = location.root;
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  for (; folder != "/"; folder = parent_folder(folder)) {
    SHOAL_ASSIGN_OR_RETURN(const bool exists, location.store->root_exists(folder));
    if (exists) break;
    missing.push_back(folder);
  }
  if (missing.empty()) return missing;
  const std::string& outermost = missing.back();
  const std::string parent = parent_folder(outermost);
  const std::string name = outermost.substr(outermost.rfind('/') + 1);
  if (location.store->info(parent, name).ok()) {
    return Status(
        ErrorCode::already_exists,
        fmt::format("write_parquet: {} is a file, not a folder; choose another target than {}", outermost, uri));
  }
  return missing;
}

}  // namespace

Result<std::unique_ptr<WriteJob>> WriteJob::start(const std::string& uri, const WriteOptions& options,
                                                  StorageClients& storage) {
  SHOAL_RETURN_IF_ERROR(check_options(options));
  SHOAL_RETURN_IF_ERROR(parse_uri(uri).status());  // as it was given: with the slash that follows, nothing is the root
  auto target = std::make_shared<Target>(Target{{}, uri.ends_with('/') ? uri : uri + "/", options});
  SHOAL_ASSIGN_OR_RETURN(target->location, storage.locate(target->uri, options.storage));
  const Location& location = target->location;
  std::vector<std::string> missing;
  if (location.store->uri_of(location.root, "x").starts_with("file:")) {
    SHOAL_ASSIGN_OR_RETURN(missing, missing_folders(location, uri));
  }
  if (missing.empty()) SHOAL_RETURN_IF_ERROR(check_empty(location, uri));
  return std::unique_ptr<WriteJob>(new WriteJob(std::move(target), std::move(missing)));
}

WriteJob::WriteJob(std::shared_ptr<const Target> target, std::vector<std::string> missing_folders)
    : target_(std::move(target)),
      uploads_(std::make_shared<PendingUploads>()),
      missing_folders_(std::move(missing_folders)),
      interrupt_(InterruptCallbacks{
          .interrupt = [uploads = uploads_] { uploads->stop(); },
          .still_running = [uploads = uploads_, target = target_]() -> std::vector<std::string> {
            if (uploads->maybe_visible().empty()) return {};
            return {"the commit of write_parquet to " + target->uri};
          },
          .discard = [uploads = uploads_, target = target_] { discard(*uploads, *target); },
      }) {}

/// The process ends without waiting for a user function or for the store.
void WriteJob::discard(PendingUploads& uploads, const Target& target) {
  const Location& location = target.location;
  for (const std::string& name : uploads.maybe_visible()) {
    static_cast<void>(location.store->remove(location.root, location.key + name));
  }
  uploads.abort();
}

WriteJob::~WriteJob() {
  uploads_->abort();
  // Only what is empty goes: an upload removes the folders that it made itself unless another one still was in them.
  for (const std::string& folder : missing_folders_) {
    if (!target_->location.store->remove_root(folder).ok()) break;
  }
}

NodePtr WriteJob::node(NodePtr input) const {
  auto shared = std::make_shared<WriteShared>();
  shared->location = target_->location;
  shared->uri = target_->uri;
  shared->options = target_->options;
  shared->uploads = uploads_;
  return std::make_shared<WriteParquetNode>(std::move(input), std::move(shared));
}

void WriteJob::collect(const Rows& rows) {
  const auto& file = static_cast<const arrow::StringArray&>(*rows->column(0));
  const auto& count = static_cast<const arrow::Int64Array&>(*rows->column(1));
  const auto& bytes = static_cast<const arrow::Int64Array&>(*rows->column(2));
  for (std::int64_t i = 0; i < rows->num_rows(); ++i) {
    files_.push_back(file.GetString(i));
    ++report_.files;
    report_.rows += count.Value(i);
    report_.bytes += bytes.Value(i);
  }
}

Result<WriteReport> WriteJob::commit() {
  const Location& location = target_->location;
  const Status status = uploads_->commit(files_, [&](const std::string& name) {
    // The job failed already; what cannot be removed either is named by that error's endpoint or disk.
    static_cast<void>(location.store->remove(location.root, location.key + name));
  });
  if (!status.ok()) return status.with_context("write_parquet to " + target_->uri);
  return report_;
}

}  // namespace shoal::data
