#include "data/op/read_images.h"

#include <arrow/array/array_base.h>
#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "data/io/arrow_status.h"
#include "data/op/file_reader_node.h"
#include "data/op/image_column.h"
#include "data/op/image_reader.h"
#include "data/op/list_files.h"
#include "data/op/read_files.h"
#include "data/op/ship.h"

namespace shoal::data {
namespace {

constexpr int k_side_max = 1 << 16;  // of a wanted size

/// Pixels of a block, as far as batches allow: few enough that their pages are used again while they are warm.
constexpr std::int64_t k_image_block_bytes = 16 << 20;

/// What of the options says which rows files become.
struct ImageForm {
  ImageMode mode{};
  ImageSize size{};
  bool include_paths = false;
  StorageOptions storage{};
};

SchemaPtr image_schema(const ImageForm& form) {
  arrow::FieldVector fields = {arrow::field("image", image_column_type(form.mode, form.size))};
  if (form.include_paths) fields.push_back(arrow::field("path", arrow::utf8()));
  return arrow::schema(std::move(fields));
}

struct ImageSpec {
  ImageForm form;
  std::optional<Quarantine> quarantine;
  SchemaPtr schema = image_schema(form);
};

class ImageStream final : public Stream {
 public:
  ImageStream(std::unique_ptr<Stream> input, std::shared_ptr<const ImageSpec> spec, const StepContext& context)
      : spec_(std::move(spec)),
        context_(context),
        files_(std::move(input), context, spec_->form.storage),
        reader_(spec_->form.mode, spec_->form.size) {}

  void prepare() override { files_.prepare(); }
  Result<Rows> next() override;

 private:
  /// Decodes one file behind the others. Errors of the file itself name its cause alone.
  Status decode(const FetchedFile& file, ImageColumn& images);
  Status append(const FetchedFile& file, ImageColumn& images, arrow::StringBuilder& paths);
  /// How many images of `bytes` each make a block: whole batches of the step behind.
  std::int64_t block_rows(std::int64_t bytes) const;
  bool is_full(const ImageColumn& images) const;

  const std::shared_ptr<const ImageSpec> spec_;
  const StepContext& context_;
  FileReader files_;
  ImageReader reader_;
};

Status ImageStream::decode(const FetchedFile& file, ImageColumn& images) {
  SHOAL_ASSIGN_OR_RETURN(const ImageExtents extents, reader_.open(file.bytes.span()));
  if (images.rows() == 0) {
    // As many as are left, if all are like this one: most folders have images of one size.
    const std::int64_t expected = std::min(1 + files_.rows_left(), block_rows(extents.bytes()));
    SHOAL_RETURN_IF_ERROR(images.reserve(expected * extents.bytes()));
  }
  SHOAL_ASSIGN_OR_RETURN(const std::span<std::uint8_t> pixels, images.next(extents));
  SHOAL_RETURN_IF_ERROR(reader_.read(pixels));
  return images.keep();
}

Status ImageStream::append(const FetchedFile& file, ImageColumn& images, arrow::StringBuilder& paths) {
  Status decoded = decode(file, images);
  if (!decoded.ok()) {
    const bool is_damaged = decoded.code() == ErrorCode::corrupt_data || decoded.code() == ErrorCode::unsupported;
    if (is_damaged && !spec_->quarantine) {
      decoded = Status(decoded.code(), decoded.text() + " (set .quarantine to leave out files that cannot be read)");
    }
    return quarantine_or_fail(spec_->quarantine, decoded.with_context(std::string(file.path)), file.path, 0, context_);
  }
  return spec_->form.include_paths ? from_arrow(paths.Append(file.path)) : Status();
}

std::int64_t ImageStream::block_rows(std::int64_t bytes) const {
  const std::int64_t batch = std::max<std::int64_t>(1, context_.batch_rows);
  const std::int64_t each = std::max<std::int64_t>(1, bytes);
  const std::int64_t rows = std::max(batch, k_image_block_bytes / each / batch * batch);
  return std::max<std::int64_t>(1, std::min(rows, context_.block_bytes / each));
}

bool ImageStream::is_full(const ImageColumn& images) const {
  const std::int64_t rows = images.rows();
  if (rows == 0) return false;
  const std::int64_t each = images.bytes() / rows;  // the next image is as large, as a rule
  if (images.bytes() + each > context_.block_bytes) return true;
  return rows >= block_rows(each) && (context_.batch_rows <= 1 || rows % context_.batch_rows == 0);
}

Result<Rows> ImageStream::next() {
  ImageColumn images(spec_->form.mode, spec_->form.size, context_.column_pool());
  arrow::StringBuilder paths(context_.pool);
  while (!is_full(images)) {
    SHOAL_ASSIGN_OR_RETURN(const std::optional<FetchedFile> file, files_.next());
    if (!file) break;
    SHOAL_RETURN_IF_ERROR(append(*file, images, paths));
  }
  if (images.rows() == 0) return Rows();
  const std::int64_t rows = images.rows();
  std::vector<std::shared_ptr<arrow::Array>> columns(1);
  SHOAL_ASSIGN_OR_RETURN(columns[0], images.finish());
  if (spec_->form.include_paths) SHOAL_RETURN_IF_ERROR(from_arrow(paths.Finish(&columns.emplace_back())));
  return Rows(arrow::RecordBatch::Make(spec_->schema, rows, std::move(columns)));
}

Status check_size(ImageSize size) {
  if (size == ImageSize{}) return Status();
  const bool is_size = size.height > 0 && size.width > 0 && size.height <= k_side_max && size.width <= k_side_max;
  if (is_size && check_image_size(size.height, size.width).ok()) return Status();
  return Status(ErrorCode::invalid_argument, "the image size " + std::to_string(size.height) + " x " +
                                                 std::to_string(size.width) +
                                                 " is none; give a height and a width, or neither");
}

class ImageStep final : public Step {
 public:
  explicit ImageStep(ImageForm form, std::optional<Quarantine> quarantine = {})
      : spec_(std::make_shared<const ImageSpec>(ImageSpec{std::move(form), std::move(quarantine)})) {}
  std::string label() const override { return "ReadImages"; }
  Result<Shipped<Step>> ship() const override {
    return spec_->quarantine ? quarantine_stays_here(label()) : ship_as<ImageStep>(spec_->form);
  }
  static Result<std::shared_ptr<const Step>> remake(ImageForm form) {
    SHOAL_RETURN_IF_ERROR(check_size(form.size));
    if (form.mode != ImageMode::rgb && form.mode != ImageMode::gray) {
      return Status(ErrorCode::corrupt_data, "images have no such mode");
    }
    return std::shared_ptr<const Step>(std::make_shared<ImageStep>(std::move(form)));
  }
  const SchemaPtr& schema() const { return spec_->schema; }
  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext& context, StepState*) const override {
    return std::make_unique<ImageStream>(std::move(input), spec_, context);
  }

 private:
  const std::shared_ptr<const ImageSpec> spec_;
};

std::string describe(const NodePtr& files, const ImageOptions& options) {
  std::string text = reader_description("ReadImages", *files);
  text.pop_back();
  text += options.mode == ImageMode::gray ? ", gray" : ", rgb";
  if (options.size != ImageSize{}) {
    text += ", " + std::to_string(options.size.height) + " x " + std::to_string(options.size.width);
  }
  return text + ")";
}

}  // namespace

Result<NodePtr> make_read_images(std::vector<std::string> uris, ImageOptions options) {
  SHOAL_RETURN_IF_ERROR(check_size(options.size));
  ListFilesOptions listing{.uris = std::move(uris),
                           .suffixes = options.suffixes,
                           .storage = options.storage,
                           .parallelism = options.parallelism};
  SHOAL_ASSIGN_OR_RETURN(NodePtr files, make_list_files(std::move(listing)));
  std::string description = describe(files, options);
  const bool one_row_per_file = !options.quarantine;
  auto step = std::make_shared<ImageStep>(
      ImageForm{options.mode, options.size, options.include_paths, std::move(options.storage)},
      std::move(options.quarantine));
  FileReaderSpec node{std::move(description), step->schema(), one_row_per_file};
  return NodePtr(std::make_shared<FileReaderNode>(std::move(files), std::move(node), std::move(step)));
}

}  // namespace shoal::data
