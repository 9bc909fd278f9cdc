#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <string>
#include <utility>

#include "base/status.h"

namespace shoal::data {

/// Shoal's error of an Arrow one, whose text it keeps. Memory, cancellation and errors that passed through to_arrow()
/// keep their meaning; everything else gets `code`, which says what a failure of this call means: `corrupt_data` for
/// bytes from outside, `invalid_argument` for what the user asked for, `internal` where it cannot fail.
Status from_arrow(const arrow::Status& status, ErrorCode code = ErrorCode::internal);

template <class T>
Result<T> from_arrow(arrow::Result<T> result, ErrorCode code = ErrorCode::internal) {
  if (!result.ok()) return from_arrow(result.status(), code);
  return std::move(result).ValueUnsafe();
}

/// Shoal's error as an Arrow one, for Arrow interfaces that Shoal implements.
arrow::Status to_arrow(const Status& status);

}  // namespace shoal::data
