#pragma once

#include <shoal/base/error.h>

namespace shoal {

/// The code of the error that `call` throws; ok if it throws none.
template <class Call>
ErrorCode thrown_code(Call&& call) {
  try {
    call();
  } catch (const Error& error) { return error.code(); }
  return ErrorCode::ok;
}

}  // namespace shoal
