#include "data/op/list_files.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/builder_time.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <string_view>
#include <utility>

#include "data/io/arrow_status.h"
#include "data/io/object_store.h"
#include "data/io/uri.h"
#include "data/op/file_blocks.h"
#include "data/op/object_feed.h"
#include "data/op/ship.h"

namespace shoal::data {
namespace {

/// Bytes of files for one fragment at most: enough to keep a network busy, and few enough that their pages are used
/// again soon, since a first touch costs more than the copy.
constexpr std::int64_t k_file_block_bytes = 16 << 20;
constexpr std::int64_t k_range_bytes_min = 1 << 20;  // small blocks do not make ranges that are not worth a request

/// Rows that the two kinds of listing make of objects.
enum class ListRows : std::uint8_t { files, objects };

struct ListSpec {
  ListRows rows{};
  ListFilesOptions files{};
  bool recursive = true;
};

SchemaPtr objects_schema() {
  static const SchemaPtr schema = arrow::schema(
      {arrow::field("uri", arrow::utf8()), arrow::field("key", arrow::utf8()), arrow::field("size", arrow::int64()),
       arrow::field("etag", arrow::utf8()), arrow::field("modified", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"))});
  return schema;
}

/// An object, or a range of it: one row to be.
struct ListedRow {
  ObjectInfo object;
  std::int64_t offset = 0;
  std::int64_t length = 0;
};

/// Arrow's builders of one block.
class RowsBuilder {
 public:
  RowsBuilder(ListRows rows, arrow::MemoryPool* pool)
      : rows_(rows),
        path_(pool),
        key_(pool),
        size_(pool),
        etag_(pool),
        offset_(pool),
        length_(pool),
        modified_(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), pool) {}

  arrow::Status append(const ListedRow& row) {
    const ObjectInfo& object = row.object;
    ARROW_RETURN_NOT_OK(path_.Append(object.uri));
    ARROW_RETURN_NOT_OK(key_.Append(object.key));
    ARROW_RETURN_NOT_OK(object.is_prefix ? size_.AppendNull() : size_.Append(object.size));
    ARROW_RETURN_NOT_OK(object.is_prefix ? etag_.AppendNull() : etag_.Append(object.etag));
    if (rows_ == ListRows::objects) {
      return object.modified_us == 0 ? modified_.AppendNull() : modified_.Append(object.modified_us);
    }
    ARROW_RETURN_NOT_OK(offset_.Append(row.offset));
    return length_.Append(row.length);
  }

  arrow::Result<Rows> finish() {
    const std::int64_t rows = path_.length();
    std::vector<arrow::ArrayBuilder*> builders = {&path_, &key_, &size_, &etag_};
    if (rows_ == ListRows::objects) {
      builders.push_back(&modified_);
    } else {
      builders.insert(builders.end(), {&offset_, &length_});
    }
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (arrow::ArrayBuilder* builder : builders) { ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), builder->Finish()); }
    return arrow::RecordBatch::Make(rows_ == ListRows::objects ? objects_schema() : list_files_schema(), rows,
                                    std::move(columns));
  }

 private:
  const ListRows rows_;
  arrow::StringBuilder path_, key_;
  arrow::Int64Builder size_;
  arrow::StringBuilder etag_;
  arrow::Int64Builder offset_, length_;
  arrow::TimestampBuilder modified_;
};

class ListStream final : public Stream {
 public:
  ListStream(std::shared_ptr<const ListSpec> spec, int parallelism, const StepContext& context)
      : spec_(std::move(spec)),
        parallelism_(spec_->files.parallelism.value_or(parallelism)),
        context_(context),
        objects_{.uris = spec_->files.uris,
                 .suffixes = spec_->files.suffixes,
                 .storage = spec_->files.storage,
                 .recursive = spec_->recursive,
                 .hidden = spec_->rows == ListRows::objects},
        feed_(objects_, context),
        blocks_(parallelism_, std::min(context.block_bytes, k_file_block_bytes), context.limited) {}

  Result<Rows> next() override;

 private:
  /// Reads one more page.
  Status fill();
  Status add(ObjectInfo object);

  const std::shared_ptr<const ListSpec> spec_;
  const int parallelism_;
  const StepContext& context_;
  const ObjectFeedSpec objects_;
  ObjectFeed feed_;
  FileBlocks blocks_;
  std::deque<ListedRow> rows_;  // listed and not handed out
  std::int64_t listed_ = 0;     // rows in all
  bool at_end_ = false;
};

Status ListStream::add(ObjectInfo object) {
  if (!arrow::util::ValidateUTF8(object.key)) {
    return Status(ErrorCode::unsupported, "the name of " + object.uri + " is not UTF-8; rename the file");
  }
  const std::int64_t range = std::min(spec_->files.range_bytes, std::max(context_.block_bytes, k_range_bytes_min));
  const std::int64_t size = object.size;
  if (range == 0 || size <= range) {
    rows_.push_back({std::move(object), 0, size});
    return Status();
  }
  for (std::int64_t offset = 0; offset < size; offset += range) {
    rows_.push_back({object, offset, std::min(range, size - offset)});
  }
  return Status();
}

Status ListStream::fill() {
  SHOAL_ASSIGN_OR_RETURN(std::vector<ObjectInfo> page, feed_.next_page());
  at_end_ = page.empty();
  const std::size_t before = rows_.size();
  for (ObjectInfo& object : page) SHOAL_RETURN_IF_ERROR(add(std::move(object)));
  listed_ += static_cast<std::int64_t>(rows_.size() - before);
  blocks_.set_listed(listed_, at_end_);
  return Status();
}

Result<Rows> ListStream::next() {
  arrow::util::InitializeUTF8();
  RowsBuilder builder(spec_->rows, context_.pool);
  while (!at_end_ && !blocks_.knows_size()) SHOAL_RETURN_IF_ERROR(fill());
  for (std::int64_t count = 0;; ++count) {
    while (rows_.empty() && !at_end_) SHOAL_RETURN_IF_ERROR(fill());
    if (rows_.empty()) {
      if (count == 0) return Rows();
      break;
    }
    const std::int64_t bytes = rows_.front().length;
    if (blocks_.is_full_for(bytes)) {
      blocks_.begin_next();
      break;
    }
    blocks_.add(bytes);
    arrow::Status appended = builder.append(rows_.front());
    if (!appended.ok()) return from_arrow(appended);
    rows_.pop_front();
  }
  return from_arrow(builder.finish());
}

/// One split: a listing is one after the other, and only its end says how long it is.
class ListSource final : public Source {
 public:
  explicit ListSource(std::shared_ptr<const ListSpec> spec) : spec_(std::move(spec)) {}
  ListSource(ListSpec spec, int parallelism)
      : spec_(std::make_shared<const ListSpec>(std::move(spec))), parallelism_(parallelism) {}

  std::string label() const override { return spec_->rows == ListRows::files ? "ListFiles" : "ListObjects"; }
  Result<std::int64_t> split_count(int parallelism_hint, std::int64_t) const override {
    parallelism_ = parallelism_hint;
    return 1;
  }
  std::unique_ptr<Stream> open(std::int64_t, const StepContext& context) const override {
    return std::make_unique<ListStream>(spec_, parallelism_, context);
  }
  Result<Shipped<Source>> ship() const override { return ship_as<ListSource>(*spec_, parallelism_.load()); }

 private:
  const std::shared_ptr<const ListSpec> spec_;
  mutable std::atomic<int> parallelism_{1};  // of the run, which tells it once, before it opens anything
};

class ListNode final : public Node {
 public:
  explicit ListNode(std::shared_ptr<const ListSpec> spec) : spec_(std::move(spec)) { options_.num_cpus = 0; }

  std::string describe() const override;
  NodePtr with_input(NodePtr) const override { return nullptr; }
  std::shared_ptr<const Source> source() const override { return std::make_shared<ListSource>(spec_); }
  const StepOptions* options() const override { return &options_; }
  SchemaPtr known_schema(const SchemaPtr&) const override {
    return spec_->rows == ListRows::files ? list_files_schema() : objects_schema();
  }

 private:
  const std::shared_ptr<const ListSpec> spec_;
  StepOptions options_;
};

std::string ListNode::describe() const {
  std::string text = spec_->rows == ListRows::files ? "ListFiles(" : "ListObjects(";
  text += spec_->files.uris.front();
  if (spec_->files.uris.size() > 1) text += " and " + std::to_string(spec_->files.uris.size() - 1) + " more";
  for (const std::string& suffix : spec_->files.suffixes) text += ", *" + suffix;
  return text + ")";
}

Result<NodePtr> make_list_node(ListSpec spec) {
  if (spec.files.uris.empty()) {
    return Status(ErrorCode::invalid_argument, "no path or URI to read was given; give at least one");
  }
  if (spec.files.parallelism && *spec.files.parallelism < 1) {
    return Status(ErrorCode::invalid_argument,
                  "parallelism is " + std::to_string(*spec.files.parallelism) + "; it must be at least 1");
  }
  for (const std::string& uri : spec.files.uris) { SHOAL_RETURN_IF_ERROR(parse_uri(uri).status()); }
  return NodePtr(std::make_shared<ListNode>(std::make_shared<const ListSpec>(std::move(spec))));
}

}  // namespace

SchemaPtr list_files_schema() {
  static const SchemaPtr schema = arrow::schema(
      {arrow::field("path", arrow::utf8()), arrow::field("key", arrow::utf8()), arrow::field("size", arrow::int64()),
       arrow::field("etag", arrow::utf8()), arrow::field("offset", arrow::int64()),
       arrow::field("length", arrow::int64())});
  return schema;
}

Result<NodePtr> make_list_files(ListFilesOptions options) {
  return make_list_node({ListRows::files, std::move(options), true});
}

Result<NodePtr> make_list_objects(std::vector<std::string> uris, ListOptions options) {
  ListFilesOptions files;
  files.uris = std::move(uris);
  files.suffixes = std::move(options.suffixes);
  files.storage = std::move(options.storage);
  return make_list_node({ListRows::objects, std::move(files), options.recursive});
}

}  // namespace shoal::data
