#include "shell/output/driver_screens.h"

#include <unistd.h>

#include <cerrno>

namespace shoal::shell {

int DriverScreen::descriptor() const {
  const Lock lock(mutex_);
  return descriptor_.is_open() ? descriptor_.get() : otherwise_.descriptor();
}

Looks DriverScreen::looks() const {
  const Lock lock(mutex_);
  if (!descriptor_.is_open()) return otherwise_.looks();
  const bool is_terminal = ::isatty(descriptor_.get()) == 1;
  return {is_terminal, is_terminal};
}

/// What is written fits, for whoever calls has looked. Where the reader is gone, so is what was for it.
void DriverScreen::write(std::string_view lines) {
  const Lock lock(mutex_);
  if (!descriptor_.is_open()) return otherwise_.write(lines);
  while (!lines.empty()) {
    const ssize_t written = ::write(descriptor_.get(), lines.data(), lines.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return descriptor_.reset();
    lines.remove_prefix(static_cast<std::size_t>(written));
  }
}

void DriverScreen::close() {
  const Lock lock(mutex_);
  descriptor_.reset();
}

}  // namespace shoal::shell
