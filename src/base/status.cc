#include "base/status.h"

#include <new>

namespace shoal::inline v1 {

const std::string& Status::text() const {
  static const std::string empty;
  return detail_ ? detail_->text : empty;
}

Status Status::with_context(const std::string& context) const {
  return ok() ? *this : Status(code(), context + ": " + text(), cause());
}

void Status::throw_if_error() const {
  if (!ok()) throw_error(code(), text(), cause());
}

Status Status::from_current_exception() {
  try {
    throw;
  } catch (const Error& error) {
    return Status(error.code(), error.what(), error.cause() ? error.cause() : std::current_exception());
  } catch (const std::bad_alloc&) {
    return Status(ErrorCode::out_of_memory, "memory allocation failed", std::current_exception());
  } catch (const std::exception& error) {
    return Status(ErrorCode::user_function, error.what(), std::current_exception());
  } catch (...) {
    return Status(ErrorCode::user_function, "an exception that is no std::exception", std::current_exception());
  }
}

}  // namespace shoal::inline v1
