#include <shoal/base/bytes.h>
#include <shoal/base/error.h>

#include <array>
#include <cstdio>

namespace shoal::inline v1 {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::ok: return "ok";
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::already_exists: return "already_exists";
    case ErrorCode::permission_denied: return "permission_denied";
    case ErrorCode::throttled: return "throttled";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::timeout: return "timeout";
    case ErrorCode::cancelled: return "cancelled";
    case ErrorCode::corrupt_data: return "corrupt_data";
    case ErrorCode::schema_mismatch: return "schema_mismatch";
    case ErrorCode::changed: return "changed";
    case ErrorCode::no_space: return "no_space";
    case ErrorCode::out_of_memory: return "out_of_memory";
    case ErrorCode::infeasible: return "infeasible";
    case ErrorCode::user_function: return "user_function";
    case ErrorCode::worker_died: return "worker_died";
    case ErrorCode::owner_died: return "owner_died";
    case ErrorCode::object_lost: return "object_lost";
    case ErrorCode::actor_died: return "actor_died";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::io: return "io";
    case ErrorCode::internal: return "internal";
  }
  return "unknown";
}

Error::Error(ErrorCode code, const std::string& text, std::exception_ptr cause)
    : std::runtime_error(text), code_(code), cause_(std::move(cause)) {}

void throw_error(ErrorCode code, const std::string& text, std::exception_ptr cause) {
  switch (code) {
    case ErrorCode::invalid_argument: throw InvalidArgument(code, text, cause);
    case ErrorCode::not_found: throw NotFound(code, text, cause);
    case ErrorCode::already_exists: throw AlreadyExists(code, text, cause);
    case ErrorCode::permission_denied: throw PermissionDenied(code, text, cause);
    case ErrorCode::throttled:
    case ErrorCode::unavailable: throw Unavailable(code, text, cause);
    case ErrorCode::timeout: throw Timeout(code, text, cause);
    case ErrorCode::cancelled: throw Cancelled(code, text, cause);
    case ErrorCode::corrupt_data: throw CorruptData(code, text, cause);
    case ErrorCode::schema_mismatch: throw SchemaMismatch(code, text, cause);
    case ErrorCode::no_space: throw StoreFull(code, text, cause);
    case ErrorCode::out_of_memory: throw OutOfMemory(code, text, cause);
    case ErrorCode::infeasible: throw Infeasible(code, text, cause);
    case ErrorCode::user_function: throw TaskFailed(code, text, cause);
    case ErrorCode::worker_died: throw WorkerDied(code, text, cause);
    case ErrorCode::owner_died: throw OwnerDied(code, text, cause);
    case ErrorCode::object_lost: throw ObjectLost(code, text, cause);
    case ErrorCode::actor_died: throw ActorDied(code, text, cause);
    case ErrorCode::unsupported: throw Unsupported(code, text, cause);
    default: throw Error(code, text, cause);
  }
}

std::string format_bytes(std::int64_t bytes) {
  static constexpr std::array<const char*, 5> units = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

}  // namespace shoal::inline v1
