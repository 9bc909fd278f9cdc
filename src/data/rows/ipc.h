#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include <shoal/wire/payload.h>

#include "base/status.h"

namespace shoal::data {

/// A table in Arrow's stream format: schema, metadata, and the ends of chunks stay as they are. Whoever reads an extension
/// type has to have it registered. Errors: unsupported (dictionaries inside of dictionaries).
Result<SharedBytes> to_ipc(const arrow::Table& table, arrow::MemoryPool* pool);
/// The table, whose buffers are those of `bytes` where they are aligned. Its bytes may be anything: all are looked at.
/// Errors: corrupt_data.
Result<std::shared_ptr<arrow::Table>> from_ipc(const SharedBytes& bytes, arrow::MemoryPool* pool);

/// How many bytes write_ipc() writes.
Result<std::int64_t> ipc_bytes(const std::shared_ptr<arrow::RecordBatch>& rows);
/// Takes a piece of what is written, with how many bytes came before it.
using BytesAt = std::function<void(std::int64_t at, std::span<const std::uint8_t> bytes)>;
/// The rows in the same format.
Status write_ipc(const std::shared_ptr<arrow::RecordBatch>& rows, const BytesAt& write);
/// The rows, whose buffers are those of `bytes`, which this program wrote: they are not looked at. Errors: corrupt_data.
Result<std::shared_ptr<arrow::RecordBatch>> rows_of_ipc(const SharedBytes& bytes);

}  // namespace shoal::data
