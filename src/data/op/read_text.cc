#include "data/op/read_text.h"

#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "data/io/arrow_status.h"
#include "data/op/file_reader_node.h"
#include "data/op/list_files.h"
#include "data/op/read_files.h"
#include "data/op/ship.h"
#include "data/op/text_range.h"

namespace shoal::data {
namespace {

SchemaPtr text_schema(bool include_paths) {
  arrow::FieldVector fields;
  if (include_paths) fields.push_back(arrow::field("path", arrow::utf8()));
  fields.push_back(arrow::field("text", arrow::utf8()));
  return arrow::schema(std::move(fields));
}

/// What of the options says which rows lines become.
struct TextForm {
  bool include_paths = false;
  bool skip_empty_lines = false;
  StorageOptions storage{};
};

struct TextSpec {
  TextForm form;
  std::optional<Quarantine> quarantine;
  SchemaPtr schema = text_schema(form.include_paths);
};

class TextStream final : public Stream {
 public:
  TextStream(std::unique_ptr<Stream> input, std::shared_ptr<const TextSpec> spec, const StepContext& context)
      : spec_(std::move(spec)),
        context_(context),
        files_(std::move(input), context, spec_->form.storage, k_text_margin) {}

  void prepare() override { files_.prepare(); }
  Result<Rows> next() override;

 private:
  Status open_range();
  /// Appends lines of the open range until it or the block ends.
  Status append_lines(arrow::StringBuilder& paths, arrow::StringBuilder& texts);

  const std::shared_ptr<const TextSpec> spec_;
  const StepContext& context_;
  FileReader files_;
  std::unique_ptr<TextRange> range_;
};

Status TextStream::open_range() {
  range_.reset();  // before the next range's bytes are there
  SHOAL_ASSIGN_OR_RETURN(std::optional<FetchedFile> file, files_.next());
  if (!file) return Status();
  range_ = std::make_unique<TextRange>(
      std::move(*file), [this](std::int64_t offset, std::int64_t length) { return files_.read_more(offset, length); });
  return Status();
}

Status TextStream::append_lines(arrow::StringBuilder& paths, arrow::StringBuilder& texts) {
  while (texts.value_data_length() + paths.value_data_length() < context_.block_bytes) {
    SHOAL_ASSIGN_OR_RETURN(std::optional<TextRange::Line> line, range_->next());
    if (!line) {
      range_.reset();
      return Status();
    }
    if (spec_->form.skip_empty_lines && line->text.empty()) continue;
    if (!arrow::util::ValidateUTF8(line->text)) {
      Status bad(ErrorCode::corrupt_data, range_->path() + ": the line at byte " + std::to_string(line->offset) +
                                              " is not UTF-8; convert the file, or set .quarantine to leave such "
                                              "lines out");
      SHOAL_RETURN_IF_ERROR(quarantine_or_fail(spec_->quarantine, bad, range_->path(), line->offset, context_));
      continue;
    }
    if (spec_->form.include_paths) SHOAL_RETURN_IF_ERROR(from_arrow(paths.Append(range_->path())));
    SHOAL_RETURN_IF_ERROR(from_arrow(texts.Append(line->text)));
  }
  return Status();
}

Result<Rows> TextStream::next() {
  arrow::util::InitializeUTF8();
  arrow::StringBuilder paths(context_.pool);
  arrow::StringBuilder texts(context_.pool);
  while (texts.value_data_length() + paths.value_data_length() < context_.block_bytes) {
    if (range_ == nullptr) SHOAL_RETURN_IF_ERROR(open_range());
    if (range_ == nullptr) break;
    SHOAL_RETURN_IF_ERROR(append_lines(paths, texts));
  }
  if (texts.length() == 0) return Rows();
  std::vector<std::shared_ptr<arrow::Array>> columns(static_cast<std::size_t>(spec_->schema->num_fields()));
  const std::int64_t rows = texts.length();
  if (spec_->form.include_paths) SHOAL_RETURN_IF_ERROR(from_arrow(paths.Finish(&columns.front())));
  SHOAL_RETURN_IF_ERROR(from_arrow(texts.Finish(&columns.back())));
  return Rows(arrow::RecordBatch::Make(spec_->schema, rows, std::move(columns)));
}

class TextStep final : public Step {
 public:
  explicit TextStep(TextForm form, std::optional<Quarantine> quarantine = {})
      : spec_(std::make_shared<const TextSpec>(TextSpec{std::move(form), std::move(quarantine)})) {}
  std::string label() const override { return "ReadText"; }
  Result<Shipped<Step>> ship() const override {
    return spec_->quarantine ? quarantine_stays_here(label()) : ship_as<TextStep>(spec_->form);
  }
  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext& context, StepState*) const override {
    return std::make_unique<TextStream>(std::move(input), spec_, context);
  }

 private:
  const std::shared_ptr<const TextSpec> spec_;
};

}  // namespace

Result<NodePtr> make_read_text_ranges(std::vector<std::string> uris, TextOptions options, std::int64_t range_bytes) {
  ListFilesOptions listing{.uris = std::move(uris),
                           .suffixes = options.suffixes,
                           .storage = options.storage,
                           .parallelism = options.parallelism,
                           .range_bytes = range_bytes};
  SHOAL_ASSIGN_OR_RETURN(NodePtr files, make_list_files(std::move(listing)));
  FileReaderSpec node{reader_description("ReadText", *files), text_schema(options.include_paths)};
  auto step = std::make_shared<TextStep>(
      TextForm{options.include_paths, options.skip_empty_lines, std::move(options.storage)},
      std::move(options.quarantine));
  return NodePtr(std::make_shared<FileReaderNode>(std::move(files), std::move(node), std::move(step)));
}

Result<NodePtr> make_read_text(std::vector<std::string> uris, TextOptions options) {
  return make_read_text_ranges(std::move(uris), std::move(options), k_text_range_bytes);
}

}  // namespace shoal::data
