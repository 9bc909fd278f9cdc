#include "api/raise.h"

#include <fmt/format.h>
#include <shoal/api/remote_error.h>
#include <shoal/base/error.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/thread_safety.h"
#include "shell/thrown.h"

namespace shoal {
namespace {

/// Registered types by name; programs register before they have a session.
struct Registered {
  Mutex mutex;
  std::map<std::string, detail::RegisteredException> types GUARDED_BY(mutex);
};
Registered& registered() {
  static Registered all;
  return all;
}

/// The text for people: the failure's, where it was, and what it came from.
std::string describe(const wire::Failure& failure) {
  std::string text = failure.text;
  if (!failure.task.empty()) {
    // Before the last lines that a process wrote, where there are some.
    text.insert(std::min(text.find('\n'), text.size()),
                fmt::format(" (attempt {}, process {})", failure.attempt, to_string(failure.process)));
  }
  for (const wire::Cause& cause : failure.causes) text += "; because " + cause.text;
  return text;
}

/// An exception of the standard library's that takes a text.
template <class E>
class Raised final : public E, public RemoteError {
 public:
  Raised(const std::string& text, RemoteError where) : E(text), RemoteError(std::move(where)) {}
};
/// One that says its own.
template <class E>
class RaisedSilent final : public E, public RemoteError {
 public:
  RaisedSilent(std::string text, RemoteError where) : RemoteError(std::move(where)), text_(std::move(text)) {}
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};
class RaisedSystemError final : public std::system_error, public RemoteError {
 public:
  RaisedSystemError(std::error_code code, const std::string& text, RemoteError where)
      : std::system_error(code, text), RemoteError(std::move(where)) {}
};
/// One of Shoal's own.
template <class E>
class RaisedError final : public E, public RemoteError {
 public:
  RaisedError(ErrorCode code, const std::string& text, RemoteError where)
      : E(code, text), RemoteError(std::move(where)) {}
  using RemoteError::code;
};

[[noreturn]] void raise_standard(const wire::Failure& failure, const std::string& text, RemoteError where) {
  using enum wire::Standard;
  switch (failure.standard) {
    case none: throw RaisedError<TaskFailed>(failure.code, text, std::move(where));
    case exception: throw RaisedSilent<std::exception>(text, std::move(where));
    case logic_error: throw Raised<std::logic_error>(text, std::move(where));
    case invalid_argument: throw Raised<std::invalid_argument>(text, std::move(where));
    case domain_error: throw Raised<std::domain_error>(text, std::move(where));
    case length_error: throw Raised<std::length_error>(text, std::move(where));
    case out_of_range: throw Raised<std::out_of_range>(text, std::move(where));
    case runtime_error: throw Raised<std::runtime_error>(text, std::move(where));
    case range_error: throw Raised<std::range_error>(text, std::move(where));
    case overflow_error: throw Raised<std::overflow_error>(text, std::move(where));
    case underflow_error: throw Raised<std::underflow_error>(text, std::move(where));
    case system_error: {
      const auto [value, is_system] = from_payload<std::pair<int, bool>>(failure.value);
      throw RaisedSystemError({value, is_system ? std::system_category() : std::generic_category()}, text,
                              std::move(where));
    }
    case bad_alloc: throw RaisedSilent<std::bad_alloc>(text, std::move(where));
  }
  throw RaisedError<TaskFailed>(failure.code, text, std::move(where));
}

[[noreturn]] void raise_system(ErrorCode code, const std::string& text, RemoteError where) {
  switch (code) {
    case ErrorCode::worker_died: throw RaisedError<WorkerDied>(code, text, std::move(where));
    case ErrorCode::owner_died: throw RaisedError<OwnerDied>(code, text, std::move(where));
    case ErrorCode::object_lost: throw RaisedError<ObjectLost>(code, text, std::move(where));
    case ErrorCode::actor_died: throw RaisedError<ActorDied>(code, text, std::move(where));
    case ErrorCode::infeasible: throw RaisedError<Infeasible>(code, text, std::move(where));
    case ErrorCode::cancelled: throw RaisedError<Cancelled>(code, text, std::move(where));
    case ErrorCode::out_of_memory: throw RaisedError<OutOfMemory>(code, text, std::move(where));
    case ErrorCode::no_space: throw RaisedError<StoreFull>(code, text, std::move(where));
    case ErrorCode::timeout: throw RaisedError<Timeout>(code, text, std::move(where));
    case ErrorCode::not_found: throw RaisedError<NotFound>(code, text, std::move(where));
    case ErrorCode::already_exists: throw RaisedError<AlreadyExists>(code, text, std::move(where));
    case ErrorCode::invalid_argument: throw RaisedError<InvalidArgument>(code, text, std::move(where));
    case ErrorCode::permission_denied: throw RaisedError<PermissionDenied>(code, text, std::move(where));
    case ErrorCode::throttled:
    case ErrorCode::unavailable: throw RaisedError<Unavailable>(code, text, std::move(where));
    case ErrorCode::corrupt_data: throw RaisedError<CorruptData>(code, text, std::move(where));
    case ErrorCode::schema_mismatch: throw RaisedError<SchemaMismatch>(code, text, std::move(where));
    case ErrorCode::unsupported: throw RaisedError<Unsupported>(code, text, std::move(where));
    default: throw RaisedError<TaskFailed>(code, text, std::move(where));
  }
}

}  // namespace

void raise(const wire::FailurePtr& failure) {
  const std::string text = describe(*failure);
  RemoteError where(failure, text);
  if (failure->code != ErrorCode::user_function) raise_system(failure->code, text, std::move(where));
  if (failure->travelling == shell::k_error_of_shoal) {
    raise_system(from_payload<ErrorCode>(failure->value), text, std::move(where));
  }
  if (!failure->travelling.empty()) {
    detail::RegisteredException type;
    {
      Registered& all = registered();
      const Lock lock(all.mutex);
      if (const auto found = all.types.find(failure->travelling); found != all.types.end()) type = found->second;
    }
    if (type.raise != nullptr) type.raise(failure->value, text, std::move(where));
  }
  raise_standard(*failure, text, std::move(where));
}

inline namespace v1 {

ErrorCode RemoteError::code() const { return failure_->code; }
const std::string& RemoteError::task() const { return failure_->task; }
std::uint32_t RemoteError::attempt() const { return failure_->attempt; }
ProcessId RemoteError::process() const { return failure_->process; }
const std::string& RemoteError::type() const { return failure_->type; }
const std::string& RemoteError::message() const { return failure_->message; }

std::vector<std::string> RemoteError::causes() const {
  std::vector<std::string> texts;
  for (const wire::Cause& cause : failure_->causes) texts.push_back(cause.text);
  return texts;
}

void detail::register_exception(const RegisteredException& type) {
  {
    Registered& all = registered();
    const Lock lock(all.mutex);
    all.types[type.name] = type;
  }
  shell::let_travel({type.name, type.is_in_flight, type.encode});
}

}  // namespace v1
}  // namespace shoal
