#include "shell/output/rotating_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace shoal::shell {

RotatingFile::RotatingFile(std::string path, std::uint64_t bytes_max, int older)
    : path_(std::move(path)), bytes_max_(bytes_max), older_(older) {}

Status RotatingFile::write(std::string_view bytes) {
  if (bytes_ > 0 && bytes_ + bytes.size() > bytes_max_) rotate();
  if (!file_.is_open()) {
    if (Status status = open(); !status.ok()) return status;
  }
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_status(errno, "write to", path_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

/// Of an earlier process of that number nothing is kept.
Status RotatingFile::open() {
  file_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  bytes_ = 0;
  return file_.is_open() ? Status() : errno_status(errno, "make", path_);
}

void RotatingFile::rotate() {
  file_.reset();
  bytes_ = 0;
  for (int n = older_; n > 0; --n) {
    const std::string from = n == 1 ? path_ : path_ + "." + std::to_string(n - 1);
    std::rename(from.c_str(), (path_ + "." + std::to_string(n)).c_str());  // there may not be so many yet
  }
}

}  // namespace shoal::shell
