#include "data/op/read_files.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "data/op/list_files.h"

namespace shoal::data {

/// Views of a listing block's columns, which the block keeps alive.
struct FileReader::Columns {
  explicit Columns(const arrow::RecordBatch& rows)
      : path(static_cast<const arrow::StringArray&>(*rows.column(k_list_path))),
        etag(static_cast<const arrow::StringArray&>(*rows.column(k_list_etag))),
        size(static_cast<const arrow::Int64Array&>(*rows.column(k_list_size))),
        offset(static_cast<const arrow::Int64Array&>(*rows.column(k_list_offset))),
        length(static_cast<const arrow::Int64Array&>(*rows.column(k_list_length))) {}

  const arrow::StringArray& path;
  const arrow::StringArray& etag;
  const arrow::Int64Array& size;
  const arrow::Int64Array& offset;
  const arrow::Int64Array& length;
};

FileReader::FileReader(std::unique_ptr<Stream> input, const StepContext& context, StorageOptions storage,
                       FileMargin margin, Place place)
    : input_(std::move(input)),
      context_(context),
      storage_(std::move(storage)),
      margin_(margin),
      place_(std::move(place)) {}

FileReader::~FileReader() = default;

void FileReader::prepare() {
  is_prepared_ = true;
  input_->prepare();
  prepared_ = load();
}

Status FileReader::load() {
  SHOAL_ASSIGN_OR_RETURN(block_, input_->next());
  at_ = 0;
  rows_ = block_ == nullptr ? 0 : block_->num_rows();
  if (rows_ == 0) return Status();
  if (!block_->schema()->Equals(*list_files_schema())) {
    return Status(ErrorCode::internal, "a file reader was given rows that are no listing");
  }
  columns_ = std::make_unique<Columns>(*block_);
  std::shared_ptr<std::uint8_t[]> memory;
  if (place_ != nullptr) { SHOAL_ASSIGN_OR_RETURN(memory, place_(*block_)); }
  return open_groups(memory);
}

Status FileReader::open_groups(const std::shared_ptr<std::uint8_t[]>& memory) {
  groups_.clear();
  group_ = 0;
  std::int64_t at = 0;  // in `memory`
  std::vector<ReadRequest> requests;
  auto end_group = [&](std::int64_t row) {
    if (groups_.empty()) return;
    groups_.back().end = row;
    const Location& location = groups_.back().location;
    groups_.back().reader = location.store->read_many(location.root, std::exchange(requests, {}), context_.stop);
  };
  for (std::int64_t row = 0; row < rows_; ++row) {
    SHOAL_ASSIGN_OR_RETURN(Location location, context_.storage->locate(columns_->path.GetView(row), storage_));
    if (groups_.empty() || groups_.back().location.store != location.store ||
        groups_.back().location.root != location.root) {
      end_group(row);
      groups_.emplace_back().location = location;
      requests.reserve(static_cast<std::size_t>(rows_ - row));
    }
    requests.push_back(request_of(row, std::move(location.key)));
    if (memory != nullptr) requests.back().into = {memory, memory.get() + at};
    at += columns_->length.Value(row);
  }
  end_group(rows_);
  for (Group& group : groups_) group.reader->prepare();
  return Status();
}

ReadRequest FileReader::request_of(std::int64_t row, std::string key) const {
  ReadRequest request;
  request.key = std::move(key);
  request.etag = columns_->etag.GetString(row);
  request.size_hint = columns_->size.Value(row);
  const std::int64_t offset = columns_->offset.Value(row);
  const std::int64_t begin = std::max<std::int64_t>(0, offset - margin_.before);
  const std::int64_t end = std::min(offset + columns_->length.Value(row) + margin_.after, request.size_hint);
  if (begin == 0 && end >= request.size_hint) return request;  // the whole object, without a range
  request.offset = begin;
  request.length = end - begin;
  return request;
}

Result<std::optional<FetchedFile>> FileReader::next() {
  if (!is_prepared_) prepare();
  SHOAL_RETURN_IF_ERROR(prepared_);
  while (at_ == rows_) {
    if (block_ == nullptr) return std::optional<FetchedFile>();
    SHOAL_RETURN_IF_ERROR(load());
  }
  if (context_.is_cancelled()) return Status(ErrorCode::cancelled, "the run was cancelled while reading files");
  if (at_ == groups_[group_].end) ++group_;
  const std::int64_t row = at_++;
  FetchedFile file;
  file.path = columns_->path.GetView(row);
  file.etag = columns_->etag.GetView(row);
  file.size = columns_->size.Value(row);
  file.offset = columns_->offset.Value(row);
  file.length = columns_->length.Value(row);
  SHOAL_ASSIGN_OR_RETURN(file.bytes, groups_[group_].reader->next());
  ++context_.counters->requests;
  context_.counters->bytes_read += static_cast<std::int64_t>(file.bytes.size());
  return std::optional<FetchedFile>(std::move(file));
}

Result<Bytes> FileReader::read_more(std::int64_t offset, std::int64_t length) {
  const Location& location = groups_[group_].location;
  SHOAL_ASSIGN_OR_RETURN(Location file, context_.storage->locate(columns_->path.GetView(at_ - 1), storage_));
  ReadRequest request;
  request.key = std::move(file.key);
  request.offset = offset;
  request.length = length;
  request.etag = columns_->etag.GetString(at_ - 1);
  request.size_hint = columns_->size.Value(at_ - 1);
  SHOAL_ASSIGN_OR_RETURN(Bytes bytes, location.store->read(location.root, request, context_.stop));
  ++context_.counters->requests;
  context_.counters->bytes_read += static_cast<std::int64_t>(bytes.size());
  return bytes;
}

Status quarantine_or_fail(const std::optional<Quarantine>& quarantine, const Status& error, std::string_view path,
                          std::int64_t offset, const StepContext& context) {
  if (!quarantine || (error.code() != ErrorCode::corrupt_data && error.code() != ErrorCode::unsupported)) return error;
  if (!quarantine->log.add({std::string(path), offset, error.text()}, quarantine->max_rows)) {
    return error.with_context("the quarantine is full with " + std::to_string(quarantine->max_rows) + " rows");
  }
  ++context.counters->quarantined_rows;
  return Status();
}

Status quarantine_stays_here(const std::string& step) {
  return Status(ErrorCode::unsupported,
                step +
                    " has a .quarantine, whose rows are kept in this process, so it cannot be sent to a worker "
                    "process; leave the quarantine out, or run it in threads");
}

}  // namespace shoal::data
