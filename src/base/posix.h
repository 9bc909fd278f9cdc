#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"

namespace shoal {

/// Owns a file descriptor and closes it.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

/// The status of a system call on `path` that failed with `error` (an errno value): "cannot `action` PATH: cause;
/// remedy". Missing things are `not_found`, forbidden ones `permission_denied`, a full disk or quota `no_space`.
Status errno_status(int error, std::string_view action, const std::string& path);

}  // namespace shoal
