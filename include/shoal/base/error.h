#pragma once

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

namespace shoal::inline v1 {

/// What went wrong, for programs. The text of an error is for people and may change; the code may not.
enum class ErrorCode : std::uint8_t {
  ok,
  invalid_argument,   ///< An option or argument is wrong; nothing was done.
  not_found,          ///< The path, bucket, object or column does not exist.
  already_exists,     ///< The target of a write is not empty.
  permission_denied,  ///< Wrong or missing credentials, or the file mode forbids it.
  throttled,          ///< The store asked to slow down until the deadline passed.
  unavailable,        ///< The endpoint could not be reached, or kept failing until the deadline.
  timeout,            ///< A deadline of the caller passed.
  cancelled,          ///< The caller or Ctrl-C ended the run.
  corrupt_data,       ///< Bytes that are not what their format says.
  schema_mismatch,    ///< Columns or types differ from those promised or needed.
  changed,            ///< The object changed while it was being read.
  no_space,           ///< The disk or the store is full.
  out_of_memory,      ///< A step needs more than the memory budget.
  infeasible,         ///< A step asks for more than the run declares.
  user_function,      ///< A function of the user threw.
  worker_died,        ///< The process or thread that ran it is gone.
  owner_died,         ///< The process that submitted the task, or put the object, is gone, and with it the object.
  object_lost,        ///< The object's value is gone and could not be made again.
  actor_died,         ///< The actor is gone, or was restarted while the call ran.
  unsupported,        ///< Not built yet, or not in this engine.
  io,                 ///< Any other failure of the operating system.
  internal,           ///< A defect of Shoal; please report it.
};

/// The code's name as it stands in the enumeration, for example "not_found".
std::string_view to_string(ErrorCode code);

/// Base of everything Shoal throws. `what()` names the thing, the place, the cause and the remedy.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& text, std::exception_ptr cause = nullptr);

  ErrorCode code() const noexcept { return code_; }
  /// The exception that a user function threw; null for other errors.
  const std::exception_ptr& cause() const noexcept { return cause_; }

 private:
  ErrorCode code_;
  std::exception_ptr cause_;
};

// clang-format off: one line each reads as a table
/// An option or argument is wrong; nothing was done.
class InvalidArgument : public Error { public: using Error::Error; };
/// The path, bucket, object or column does not exist.
class NotFound : public Error { public: using Error::Error; };
/// The target of a write is not empty.
class AlreadyExists : public Error { public: using Error::Error; };
/// Wrong or missing credentials, or the file mode forbids it.
class PermissionDenied : public Error { public: using Error::Error; };
/// The endpoint is away, or throttled the caller until the deadline.
class Unavailable : public Error { public: using Error::Error; };
/// A deadline of the caller passed.
class Timeout : public Error { public: using Error::Error; };
/// The caller or Ctrl-C ended the run.
class Cancelled : public Error { public: using Error::Error; };
/// Bytes that are not what their format says.
class CorruptData : public Error { public: using Error::Error; };
/// Columns or types differ from those promised or needed.
class SchemaMismatch : public Error { public: using Error::Error; };
/// The disk or the store is full.
class StoreFull : public Error { public: using Error::Error; };
/// A step needs more than the memory budget.
class OutOfMemory : public Error { public: using Error::Error; };
/// A step asks for more than the run declares.
class Infeasible : public Error { public: using Error::Error; };
/// A user function threw; see cause().
class TaskFailed : public Error { public: using Error::Error; };
/// What ran it is gone.
class WorkerDied : public Error { public: using Error::Error; };
/// Whoever submitted the task, or put the object, is gone, and with it the object.
class OwnerDied : public Error { public: using Error::Error; };
/// The object's value is gone and could not be made again.
class ObjectLost : public Error { public: using Error::Error; };
/// The actor is gone, or was restarted while the call ran.
class ActorDied : public Error { public: using Error::Error; };
/// Not built yet, or not in this engine.
class Unsupported : public Error { public: using Error::Error; };
// clang-format on

/// Throws the class above that belongs to `code`; `Error` itself where none does. Precondition: code is not ok.
[[noreturn]] void throw_error(ErrorCode code, const std::string& text, std::exception_ptr cause = nullptr);

}  // namespace shoal::inline v1
