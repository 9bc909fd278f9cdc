#include "data/engine/packed_block.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/status.h>

#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "data/engine/store_pool.h"
#include "data/io/arrow_status.h"
#include "data/rows/held_buffer.h"
#include "data/rows/ipc.h"

namespace shoal::data {
namespace {

std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + Payload::k_alignment - 1) / Payload::k_alignment * Payload::k_alignment;
}
/// Where Arrow's format has the next buffer of a body.
std::int64_t behind(std::int64_t at, std::uint64_t bytes) {
  return at + static_cast<std::int64_t>((bytes + 7) / 8 * 8);
}

/// The buffer as a value that travels by its place in the store: it was built there, or came from there. Without bytes where
/// it has to be copied.
Buffer in_store(const std::shared_ptr<arrow::Buffer>& buffer) {
  if (buffer == nullptr || buffer->size() == 0) return {};
  const auto size = static_cast<std::size_t>(buffer->size());
  if (const auto* const held = dynamic_cast<const HeldBuffer*>(buffer.get())) {
    const bool is_whole = held->whole().stored != nullptr && held->whole().bytes.size() == size;
    return is_whole ? Buffer(held->whole()) : Buffer();
  }
  return lies_in_store(buffer->data()) ? Buffer({buffer, {buffer->data(), size}}) : Buffer();
}

bool is_in_store(const std::shared_ptr<arrow::Buffer>& buffer) { return in_store(buffer).size() > 0; }

Result<PackedBlock> pack_stream(const Rows& rows) {
  SHOAL_ASSIGN_OR_RETURN(const std::int64_t size, ipc_bytes(rows));
  MutableBuffer buffer = create_buffer_for_overwrite(static_cast<std::size_t>(size));
  SHOAL_RETURN_IF_ERROR(write_ipc(rows, [&](std::int64_t at, std::span<const std::uint8_t> bytes) {
    buffer.write(static_cast<std::size_t>(at), bytes);
  }));
  return PackedBlock{.bytes = std::move(buffer).finish()};
}

bool has_dictionaries(const Rows& rows) {
  arrow::ipc::DictionaryFieldMapper mapper;
  return !mapper.AddSchemaFields(*rows->schema()).ok() || mapper.num_fields() > 0;
}

Result<PackedBlock> pack_apart(const Rows& rows, const arrow::ipc::IpcPayload& payload) {
  SHOAL_ASSIGN_OR_RETURN(const auto schema, from_arrow(arrow::ipc::SerializeSchema(*rows->schema())));
  std::vector<std::span<const std::uint8_t>> pieces;
  const auto add = [&pieces](const arrow::Buffer& buffer) {
    pieces.emplace_back(buffer.data(), static_cast<std::size_t>(buffer.size()));
    return pieces.back().size();
  };
  PackedBlock packed;
  packed.schema_bytes = add(*schema);
  packed.metadata_bytes = add(*payload.metadata);
  for (const std::shared_ptr<arrow::Buffer>& buffer : payload.body_buffers) {
    const auto bytes = buffer == nullptr ? 0 : static_cast<std::uint64_t>(buffer->size());
    Buffer apart = in_store(buffer);
    packed.body.push_back({bytes, apart.size() > 0});
    if (apart.size() > 0) {
      packed.apart.push_back(std::move(apart));
    } else if (bytes > 0) {
      add(*buffer);
    }
  }
  std::uint64_t size = 0;
  for (const auto& piece : pieces) size += aligned(piece.size());
  MutableBuffer bytes = create_buffer_for_overwrite(size);
  std::uint64_t at = 0;
  for (const auto& piece : pieces) {
    bytes.write(at, piece);
    at += aligned(piece.size());
  }
  packed.bytes = std::move(bytes).finish();
  return packed;
}

/// The body of a batch, of which each buffer lies somewhere else.
class ScatteredBody final : public arrow::io::RandomAccessFile {
 public:
  void add(std::int64_t at, std::shared_ptr<arrow::Buffer> buffer) {
    size_ = at + buffer->size();
    buffers_[at] = std::move(buffer);
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(std::int64_t at, std::int64_t bytes) override {
    const auto found = buffers_.find(at);
    if (found == buffers_.end() || bytes > found->second->size()) return arrow::Status::Invalid("no buffer is there");
    return bytes == found->second->size() ? found->second : arrow::SliceBuffer(found->second, 0, bytes);
  }
  arrow::Result<std::int64_t> ReadAt(std::int64_t at, std::int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Buffer> buffer, ReadAt(at, bytes));
    std::copy_n(buffer->data(), bytes, static_cast<std::uint8_t*>(out));
    return bytes;
  }
  arrow::Result<std::int64_t> GetSize() override { return size_; }
  bool supports_zero_copy() const override { return true; }
  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }
  arrow::Result<std::int64_t> Tell() const override { return not_a_stream(); }
  arrow::Status Seek(std::int64_t) override { return not_a_stream(); }
  arrow::Result<std::int64_t> Read(std::int64_t, void*) override { return not_a_stream(); }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t) override { return not_a_stream(); }

 private:
  static arrow::Status not_a_stream() { return arrow::Status::NotImplemented("a body is read by places"); }

  std::map<std::int64_t, std::shared_ptr<arrow::Buffer>> buffers_;
  std::int64_t size_ = 0;
};

Status damaged(const char* what) { return Status(ErrorCode::corrupt_data, std::string("a block on its way: ") + what); }

}  // namespace

Result<PackedBlock> pack_block(const Rows& rows) {
  if (has_dictionaries(rows)) return pack_stream(rows);
  arrow::ipc::IpcWriteOptions options = arrow::ipc::IpcWriteOptions::Defaults();
  options.use_threads = false;
  arrow::ipc::IpcPayload payload;
  SHOAL_RETURN_IF_ERROR(
      from_arrow(arrow::ipc::GetRecordBatchPayload(*rows, options, &payload), ErrorCode::unsupported));
  return std::ranges::any_of(payload.body_buffers, is_in_store) ? pack_apart(rows, payload) : pack_stream(rows);
}

Result<Rows> unpack_block(const PackedBlock& packed) {
  if (packed.metadata_bytes == 0) return rows_of_ipc(packed.bytes.shared());
  std::uint64_t at = 0;
  const auto next = [&](std::uint64_t bytes) -> std::shared_ptr<arrow::Buffer> {
    if (at > packed.bytes.size() || bytes > packed.bytes.size() - at) return nullptr;
    auto buffer = std::make_shared<HeldBuffer>(packed.bytes.shared(), packed.bytes.bytes().subspan(at, bytes));
    at += aligned(bytes);
    return buffer;
  };
  const auto schema_bytes = next(packed.schema_bytes), metadata = next(packed.metadata_bytes);
  if (schema_bytes == nullptr || metadata == nullptr) return damaged("schema and metadata are cut off");
  ScatteredBody body;
  std::int64_t place = 0;
  auto apart = packed.apart.begin();
  for (const PackedBlock::Part& part : packed.body) {
    std::shared_ptr<arrow::Buffer> buffer;
    if (!part.is_apart) {
      buffer = next(part.bytes);
    } else if (apart != packed.apart.end()) {
      buffer = std::make_shared<HeldBuffer>(apart->shared());
      ++apart;
    }
    if (buffer == nullptr) return damaged("a column is cut off");
    if (part.bytes > 0) body.add(place, std::move(buffer));
    place = behind(place, part.bytes);
  }
  arrow::io::BufferReader schema_reader(schema_bytes);
  arrow::ipc::DictionaryMemo memo;
  SHOAL_ASSIGN_OR_RETURN(const auto schema,
                         from_arrow(arrow::ipc::ReadSchema(&schema_reader, &memo), ErrorCode::corrupt_data));
  arrow::ipc::IpcReadOptions options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  return from_arrow(arrow::ipc::ReadRecordBatch(*metadata, schema, &memo, options, &body), ErrorCode::corrupt_data);
}

}  // namespace shoal::data
