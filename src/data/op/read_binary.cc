#include "data/op/read_binary.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_primitive.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "data/io/arrow_status.h"
#include "data/op/file_reader_node.h"
#include "data/op/list_files.h"
#include "data/op/read_files.h"
#include "data/op/ship.h"

namespace shoal::data {
namespace {

constexpr std::int64_t k_cell_bytes_max = std::numeric_limits<std::int32_t>::max() - 1;  // Arrow's 32-bit offsets

SchemaPtr binary_schema(bool include_paths) {
  arrow::FieldVector fields;
  if (include_paths) fields.push_back(arrow::field("path", arrow::utf8()));
  fields.push_back(arrow::field("bytes", arrow::binary()));
  return arrow::schema(std::move(fields));
}

struct BinarySpec {
  bool include_paths = true;
  StorageOptions storage;
  SchemaPtr schema = binary_schema(include_paths);
};

/// One block of rows for each block of the listing. The files are read to where they stand in the column.
class BinaryStream final : public Stream {
 public:
  BinaryStream(std::unique_ptr<Stream> input, std::shared_ptr<const BinarySpec> spec, const StepContext& context)
      : spec_(std::move(spec)),
        context_(context),
        files_(std::move(input), context, spec_->storage, {},
               [this](const arrow::RecordBatch& listing) { return place(listing); }) {}

  void prepare() override { files_.prepare(); }
  Result<Rows> next() override;

 private:
  Result<std::shared_ptr<std::uint8_t[]>> place(const arrow::RecordBatch& listing);
  Status take(const FetchedFile& file, std::int64_t row);

  const std::shared_ptr<const BinarySpec> spec_;
  const StepContext& context_;
  std::shared_ptr<arrow::Buffer> bytes_;  // of the block that is being read
  std::shared_ptr<arrow::Buffer> offsets_;
  FileReader files_;  // last: it fills the buffers
};

Result<std::shared_ptr<std::uint8_t[]>> BinaryStream::place(const arrow::RecordBatch& listing) {
  const auto& paths = static_cast<const arrow::StringArray&>(*listing.column(k_list_path));
  const auto& lengths = static_cast<const arrow::Int64Array&>(*listing.column(k_list_length));
  const std::int64_t rows = listing.num_rows();
  SHOAL_ASSIGN_OR_RETURN(offsets_, from_arrow(arrow::AllocateBuffer(
                                       (rows + 1) * static_cast<std::int64_t>(sizeof(std::int32_t)), context_.pool)));
  auto* offsets = reinterpret_cast<std::int32_t*>(offsets_->mutable_data());
  std::int64_t total = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    offsets[row] = static_cast<std::int32_t>(total);
    total += lengths.Value(row);
    if (lengths.Value(row) > k_cell_bytes_max || total > k_cell_bytes_max) {
      return Status(ErrorCode::unsupported, paths.GetString(row) + " has " + std::to_string(lengths.Value(row)) +
                                                " bytes, and a row of read_binary holds at most 2 GiB; read it with "
                                                "read_text, or by sd::ObjectHandle from list_objects");
    }
  }
  offsets[rows] = static_cast<std::int32_t>(total);
  SHOAL_ASSIGN_OR_RETURN(bytes_, from_arrow(arrow::AllocateBuffer(total, context_.pool)));
  return std::shared_ptr<std::uint8_t[]>(bytes_, bytes_->mutable_data());
}

Status BinaryStream::take(const FetchedFile& file, std::int64_t row) {
  const auto* offsets = reinterpret_cast<const std::int32_t*>(offsets_->data());
  const auto size = static_cast<std::int64_t>(file.bytes.size());
  if (size != file.length) {
    return Status(ErrorCode::changed, std::string(file.path) + " has " + std::to_string(size) + " bytes, but " +
                                          std::to_string(file.length) + " when it was listed; list and read it again");
  }
  std::uint8_t* place = bytes_->mutable_data() + offsets[row];
  if (size > 0 && file.bytes.data() != place) std::memcpy(place, file.bytes.data(), file.bytes.size());
  return Status();
}

Result<Rows> BinaryStream::next() {
  SHOAL_ASSIGN_OR_RETURN(std::optional<FetchedFile> file, files_.next());
  if (!file) return Rows();
  const Rows listing = files_.block();
  for (std::int64_t row = 0;; ++row) {
    SHOAL_RETURN_IF_ERROR(take(*file, row));
    if (files_.rows_left() == 0) break;
    SHOAL_ASSIGN_OR_RETURN(file, files_.next());
  }
  std::vector<std::shared_ptr<arrow::Array>> columns;
  if (spec_->include_paths) columns.push_back(listing->column(k_list_path));
  columns.push_back(std::make_shared<arrow::BinaryArray>(listing->num_rows(), std::move(offsets_), std::move(bytes_)));
  return Rows(arrow::RecordBatch::Make(spec_->schema, listing->num_rows(), std::move(columns)));
}

class BinaryStep final : public Step {
 public:
  BinaryStep(bool include_paths, StorageOptions storage)
      : spec_(std::make_shared<const BinarySpec>(BinarySpec{include_paths, std::move(storage)})) {}
  std::string label() const override { return "ReadBinary"; }
  Result<Shipped<Step>> ship() const override { return ship_as<BinaryStep>(spec_->include_paths, spec_->storage); }
  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext& context, StepState*) const override {
    return std::make_unique<BinaryStream>(std::move(input), spec_, context);
  }

 private:
  const std::shared_ptr<const BinarySpec> spec_;
};

}  // namespace

Result<NodePtr> make_read_binary(std::vector<std::string> uris, BinaryOptions options) {
  ListFilesOptions listing{.uris = std::move(uris),
                           .suffixes = options.suffixes,
                           .storage = options.storage,
                           .parallelism = options.parallelism};
  SHOAL_ASSIGN_OR_RETURN(NodePtr files, make_list_files(std::move(listing)));
  FileReaderSpec node{reader_description("ReadBinary", *files), binary_schema(options.include_paths),
                      /*one_row_per_file=*/true};
  auto step = std::make_shared<BinaryStep>(options.include_paths, std::move(options.storage));
  return NodePtr(std::make_shared<FileReaderNode>(std::move(files), std::move(node), std::move(step)));
}

}  // namespace shoal::data
