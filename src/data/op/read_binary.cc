#include "data/op/read_binary.h"

#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "data/io/arrow_status.h"
#include "data/op/file_reader_node.h"
#include "data/op/list_files.h"
#include "data/op/read_files.h"

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
  SchemaPtr schema;
};

class BinaryStream final : public Stream {
 public:
  BinaryStream(std::unique_ptr<Stream> input, std::shared_ptr<const BinarySpec> spec, const StepContext& context)
      : spec_(std::move(spec)), context_(context), files_(std::move(input), context, spec_->storage) {}

  void prepare() override { files_.prepare(); }
  Result<Rows> next() override;

 private:
  Status append(const FetchedFile& file, arrow::StringBuilder& paths, arrow::BinaryBuilder& bytes);

  const std::shared_ptr<const BinarySpec> spec_;
  const StepContext& context_;
  FileReader files_;
  std::optional<FetchedFile> held_;  // did not fit into the block before; its path is in held_path_
  std::string held_path_;
};

Status BinaryStream::append(const FetchedFile& file, arrow::StringBuilder& paths, arrow::BinaryBuilder& bytes) {
  const auto size = static_cast<std::int64_t>(file.bytes.size());
  if (size > k_cell_bytes_max) {
    return Status(ErrorCode::unsupported, std::string(file.path) + " has " + std::to_string(size) +
                                              " bytes, and a row of read_binary holds at most 2 GiB; read it with "
                                              "read_text, or by sd::ObjectHandle from list_objects");
  }
  if (bytes.length() == 0) {
    const std::int64_t expected = size + std::min(files_.bytes_left(), std::max(context_.block_bytes - size, std::int64_t{0}));
    SHOAL_RETURN_IF_ERROR(from_arrow(bytes.ReserveData(std::min(expected, k_cell_bytes_max))));
  }
  if (spec_->include_paths) SHOAL_RETURN_IF_ERROR(from_arrow(paths.Append(file.path)));
  return from_arrow(bytes.Append(file.bytes.data(), static_cast<std::int32_t>(size)));
}

Result<Rows> BinaryStream::next() {
  arrow::StringBuilder paths(context_.pool);
  arrow::BinaryBuilder bytes(context_.pool);
  while (bytes.value_data_length() < context_.block_bytes) {
    std::optional<FetchedFile> file = std::exchange(held_, std::nullopt);
    if (!file) {
      SHOAL_ASSIGN_OR_RETURN(file, files_.next());
    }
    if (!file) break;
    const auto size = static_cast<std::int64_t>(file->bytes.size());
    if (bytes.length() > 0 && bytes.value_data_length() + size > context_.block_bytes) {
      held_path_ = file->path;
      held_ = std::move(file);
      held_->path = held_path_;
      break;
    }
    SHOAL_RETURN_IF_ERROR(append(*file, paths, bytes));
  }
  if (bytes.length() == 0) return Rows();
  std::vector<std::shared_ptr<arrow::Array>> columns(static_cast<std::size_t>(spec_->schema->num_fields()));
  const std::int64_t rows = bytes.length();
  if (spec_->include_paths) SHOAL_RETURN_IF_ERROR(from_arrow(paths.Finish(&columns.front())));
  SHOAL_RETURN_IF_ERROR(from_arrow(bytes.Finish(&columns.back())));
  return Rows(arrow::RecordBatch::Make(spec_->schema, rows, std::move(columns)));
}

class BinaryStep final : public Step {
 public:
  explicit BinaryStep(std::shared_ptr<const BinarySpec> spec) : spec_(std::move(spec)) {}
  std::string label() const override { return "ReadBinary"; }
  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext& context, StepState*) const override {
    return std::make_unique<BinaryStream>(std::move(input), spec_, context);
  }

 private:
  const std::shared_ptr<const BinarySpec> spec_;
};

}  // namespace

Result<NodePtr> make_read_binary(std::vector<std::string> uris, BinaryOptions options) {
  ListFilesOptions listing{.uris = std::move(uris), .suffixes = options.suffixes, .storage = options.storage,
                           .parallelism = options.parallelism};
  SHOAL_ASSIGN_OR_RETURN(NodePtr files, make_list_files(std::move(listing)));
  auto spec = std::make_shared<BinarySpec>();
  spec->include_paths = options.include_paths;
  spec->storage = std::move(options.storage);
  spec->schema = binary_schema(options.include_paths);
  FileReaderSpec node{reader_description("ReadBinary", *files), spec->schema, /*one_row_per_file=*/true};
  return NodePtr(std::make_shared<FileReaderNode>(std::move(files), std::move(node), std::make_shared<BinaryStep>(spec)));
}

}  // namespace shoal::data
