#include "base/posix.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace shoal {
namespace {

struct Verdict {
  ErrorCode code;
  std::string_view remedy;
};

Verdict verdict_of(int error) {
  switch (error) {
    case ENOENT: return {ErrorCode::not_found, "check the path"};
    case ENOTDIR: return {ErrorCode::not_found, "a part of the path before the last is a file"};
    case EACCES:
    case EPERM:
    case EROFS: return {ErrorCode::permission_denied, "check owner and mode of the path and of the folders above it"};
    case ENOSPC:
    case EDQUOT: return {ErrorCode::no_space, "free some space, or write to another disk"};
    case EEXIST:
    case ENOTEMPTY: return {ErrorCode::already_exists, "remove it first, or choose another name"};
    case EISDIR: return {ErrorCode::invalid_argument, "a folder stands where a file is meant"};
    case ENAMETOOLONG:
    case EINVAL: return {ErrorCode::invalid_argument, "choose another name"};
    case EMFILE:
    case ENFILE: return {ErrorCode::io, "raise the limit of open files (ulimit -n)"};
    case ENOMEM: return {ErrorCode::out_of_memory, "free memory"};
    default: return {ErrorCode::io, "see the system's log for the device's errors"};
  }
}

}  // namespace

void Fd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

Status errno_status(int error, std::string_view action, const std::string& path) {
  Verdict verdict = verdict_of(error);
  return Status(verdict.code, "cannot " + std::string(action) + " " + path + ": " +
                                  std::generic_category().message(error) + "; " + std::string(verdict.remedy));
}

}  // namespace shoal
