#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"

namespace shoal::data {

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

/// Opens an existing file or folder of the machine for reading; never waits for the writer of a pipe.
Result<Fd> open_for_reading(const std::string& path);

/// Bytes [offset, offset + out.size()) of an open file, or fewer where the file ends.
Result<std::size_t> read_at(int fd, std::span<std::uint8_t> out, std::int64_t offset, const std::string& path);

/// Writes all bytes at the descriptor's position. A full disk is `no_space` with what is needed and what is free.
Status write_all(int fd, std::span<const std::uint8_t> bytes, const std::string& path);

/// Makes a file's bytes, or a folder's entries, survive a power loss. A folder of a file system that cannot flush
/// folders is no error.
Status sync_file(int fd, const std::string& path);
Status sync_folder(const std::string& path);

/// The folder that holds `path`, without a slash at its end ("/" stays). Precondition: `path` is absolute.
std::string parent_folder(const std::string& path);

}  // namespace shoal::data
