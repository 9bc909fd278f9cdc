#include "data/rows/ipc.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/status.h>
#include <arrow/table.h>

#include <utility>

#include "data/io/arrow_status.h"
#include "data/rows/held_buffer.h"

namespace shoal::data {
namespace {

/// Hands each piece to a function.
class CalledStream final : public arrow::io::OutputStream {
 public:
  explicit CalledStream(const BytesAt& write) : write_(write) {}
  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, std::int64_t size) override {
    write_(at_, {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)});
    at_ += size;
    return arrow::Status::OK();
  }
  arrow::Status Close() override {
    is_closed_ = true;
    return arrow::Status::OK();
  }
  arrow::Result<std::int64_t> Tell() const override { return at_; }
  bool closed() const override { return is_closed_; }

 private:
  const BytesAt& write_;
  std::int64_t at_ = 0;
  bool is_closed_ = false;
};

Status write_stream(const arrow::RecordBatch& rows, arrow::io::OutputStream& out) {
  arrow::ipc::IpcWriteOptions options = arrow::ipc::IpcWriteOptions::Defaults();
  options.use_threads = false;
  options.alignment = 64;
  SHOAL_ASSIGN_OR_RETURN(const auto writer, from_arrow(arrow::ipc::MakeStreamWriter(&out, rows.schema(), options)));
  SHOAL_RETURN_IF_ERROR(from_arrow(writer->WriteRecordBatch(rows), ErrorCode::unsupported));
  return from_arrow(writer->Close());
}

}  // namespace

Result<std::int64_t> ipc_bytes(const std::shared_ptr<arrow::RecordBatch>& rows) {
  arrow::io::MockOutputStream out;
  SHOAL_RETURN_IF_ERROR(write_stream(*rows, out));
  return out.GetExtentBytesWritten();
}

Status write_ipc(const std::shared_ptr<arrow::RecordBatch>& rows, const BytesAt& write) {
  CalledStream out(write);
  return write_stream(*rows, out);
}

Result<std::shared_ptr<arrow::RecordBatch>> rows_of_ipc(const SharedBytes& bytes) {
  arrow::ipc::IpcReadOptions options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  const auto source = std::make_shared<arrow::io::BufferReader>(std::make_shared<HeldBuffer>(bytes));
  SHOAL_ASSIGN_OR_RETURN(const auto reader, from_arrow(arrow::ipc::RecordBatchStreamReader::Open(source, options),
                                                       ErrorCode::corrupt_data));
  std::shared_ptr<arrow::RecordBatch> rows;
  SHOAL_RETURN_IF_ERROR(from_arrow(reader->ReadNext(&rows), ErrorCode::corrupt_data));
  if (rows == nullptr) return Status(ErrorCode::corrupt_data, "the bytes of a block have no rows");
  return rows;
}

Result<SharedBytes> to_ipc(const arrow::Table& table, arrow::MemoryPool* pool) {
  arrow::ipc::IpcWriteOptions options = arrow::ipc::IpcWriteOptions::Defaults();
  options.memory_pool = pool;
  options.use_threads = false;
  SHOAL_ASSIGN_OR_RETURN(const auto sink, from_arrow(arrow::io::BufferOutputStream::Create(4096, pool)));
  SHOAL_ASSIGN_OR_RETURN(const auto writer, from_arrow(arrow::ipc::MakeStreamWriter(sink, table.schema(), options)));
  SHOAL_RETURN_IF_ERROR(from_arrow(writer->WriteTable(table), ErrorCode::unsupported));
  SHOAL_RETURN_IF_ERROR(from_arrow(writer->Close()));
  SHOAL_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Buffer> buffer, from_arrow(sink->Finish()));
  return SharedBytes{.holder = buffer, .bytes = {buffer->data(), static_cast<std::size_t>(buffer->size())}};
}

Result<std::shared_ptr<arrow::Table>> from_ipc(const SharedBytes& bytes, arrow::MemoryPool* pool) {
  arrow::ipc::IpcReadOptions options = arrow::ipc::IpcReadOptions::Defaults();
  options.memory_pool = pool;
  options.use_threads = false;
  options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
  const auto source = std::make_shared<arrow::io::BufferReader>(std::make_shared<HeldBuffer>(bytes));
  SHOAL_ASSIGN_OR_RETURN(const auto reader, from_arrow(arrow::ipc::RecordBatchStreamReader::Open(source, options),
                                                       ErrorCode::corrupt_data));
  SHOAL_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Table> table, from_arrow(reader->ToTable(), ErrorCode::corrupt_data));
  SHOAL_RETURN_IF_ERROR(from_arrow(table->ValidateFull(), ErrorCode::corrupt_data));
  return table;
}

}  // namespace shoal::data
