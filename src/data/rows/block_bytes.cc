#include "data/rows/block_bytes.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include <algorithm>

namespace shoal::data {
namespace {

/// A range of rows of one array.
struct Range {
  std::int64_t offset;  // from the start of the array's buffers
  std::int64_t length;
};

std::int64_t range_bytes(const arrow::ArrayData& data, const arrow::DataType& type, Range range);

/// Arrays of variable length: the offsets, and what is between the first and the last of them.
template <class Offset>
std::int64_t offsets_bytes(const arrow::ArrayData& data, Range range, Range& values) {
  values = {0, 0};
  if (range.length == 0 || data.buffers[1] == nullptr) return 0;
  const auto* offsets = reinterpret_cast<const Offset*>(data.buffers[1]->data()) + range.offset;
  values = {static_cast<std::int64_t>(offsets[0]), static_cast<std::int64_t>(offsets[range.length] - offsets[0])};
  return (range.length + 1) * static_cast<std::int64_t>(sizeof(Offset));
}

/// What views in `range` refer to; short values stand in the view itself.
std::int64_t viewed_bytes(const arrow::ArrayData& data, Range range) {
  if (range.length == 0 || data.buffers[1] == nullptr) return 0;
  const auto* views = reinterpret_cast<const arrow::BinaryViewType::c_type*>(data.buffers[1]->data()) + range.offset;
  std::int64_t bytes = range.length * static_cast<std::int64_t>(sizeof(views[0]));
  for (std::int64_t i = 0; i < range.length; ++i) {
    if (!views[i].is_inline()) bytes += views[i].size();
  }
  return bytes;
}

std::int64_t child_bytes(const arrow::ArrayData& data, const arrow::DataType& type, int child, Range range) {
  const arrow::ArrayData& values = *data.child_data[static_cast<std::size_t>(child)];
  return range_bytes(values, *type.field(child)->type(), {values.offset + range.offset, range.length});
}

std::int64_t range_bytes(const arrow::ArrayData& data, const arrow::DataType& type, Range range) {
  if (type.id() == arrow::Type::EXTENSION) {
    return range_bytes(data, *static_cast<const arrow::ExtensionType&>(type).storage_type(), range);
  }
  std::int64_t bytes = !data.buffers.empty() && data.buffers[0] != nullptr ? (range.length + 7) / 8 : 0;
  Range values{};
  switch (type.id()) {
    case arrow::Type::NA: return 0;
    case arrow::Type::STRING:
    case arrow::Type::BINARY: bytes += offsets_bytes<std::int32_t>(data, range, values); return bytes + values.length;
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      bytes += offsets_bytes<std::int64_t>(data, range, values);
      return bytes + values.length;
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      bytes += offsets_bytes<std::int32_t>(data, range, values);
      return bytes + child_bytes(data, type, 0, values);
    case arrow::Type::LARGE_LIST:
      bytes += offsets_bytes<std::int64_t>(data, range, values);
      return bytes + child_bytes(data, type, 0, values);
    case arrow::Type::FIXED_SIZE_LIST: {
      const std::int64_t width = static_cast<const arrow::FixedSizeListType&>(type).list_size();
      return bytes + child_bytes(data, type, 0, {range.offset * width, range.length * width});
    }
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW: return bytes + viewed_bytes(data, range);
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryType&>(type);
      bytes += range.length * dictionary.index_type()->bit_width() / 8;
      return bytes + range_bytes(*data.dictionary, *dictionary.value_type(),
                                 {data.dictionary->offset, data.dictionary->length});
    }
    case arrow::Type::STRUCT:
      for (int child = 0; child < type.num_fields(); ++child) bytes += child_bytes(data, type, child, range);
      return bytes;
    default: break;
  }
  const int bits = type.bit_width();
  if (bits > 0 && type.num_fields() == 0) { return bytes + (range.length * bits + 7) / 8; }
  return arrow::util::TotalBufferSize(data);
}

}  // namespace

std::int64_t block_bytes(const std::shared_ptr<arrow::RecordBatch>& rows) {
  std::int64_t bytes = 0;
  for (int i = 0; i < rows->num_columns(); ++i) {
    const arrow::ArrayData& data = *rows->column_data(i);
    bytes += range_bytes(data, *data.type, {data.offset, data.length});
  }
  return std::max<std::int64_t>(bytes, 1);
}

}  // namespace shoal::data
