#include "data/op/arrow_status.h"

#include <arrow/status.h>
#include <arrow/util/io_util.h>

#include <cerrno>

namespace shoal::data {
namespace {

ErrorCode code_of(const arrow::Status& status) {
  switch (arrow::internal::ErrnoFromStatus(status)) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return ErrorCode::no_space;
    case ENOENT: return ErrorCode::not_found;
    case EACCES:
    case EPERM: return ErrorCode::permission_denied;
    default: break;
  }
  switch (status.code()) {
    case arrow::StatusCode::OutOfMemory: return ErrorCode::out_of_memory;
    case arrow::StatusCode::KeyError: return ErrorCode::not_found;
    case arrow::StatusCode::TypeError: return ErrorCode::schema_mismatch;
    case arrow::StatusCode::IOError: return ErrorCode::io;
    case arrow::StatusCode::Invalid:
    case arrow::StatusCode::IndexError:
    case arrow::StatusCode::CapacityError: return ErrorCode::invalid_argument;
    case arrow::StatusCode::SerializationError: return ErrorCode::corrupt_data;
    case arrow::StatusCode::NotImplemented: return ErrorCode::unsupported;
    case arrow::StatusCode::Cancelled: return ErrorCode::cancelled;
    case arrow::StatusCode::AlreadyExists: return ErrorCode::already_exists;
    default: return ErrorCode::internal;
  }
}

}  // namespace

Status from_arrow_status(const arrow::Status& status, const std::string& context) {
  if (status.ok()) return {};
  return Status(code_of(status), context + ": " + status.message());
}

}  // namespace shoal::data
