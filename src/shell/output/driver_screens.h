#pragma once

#include <string_view>
#include <utility>

#include "base/posix.h"
#include "base/thread_safety.h"
#include "shell/output/printer.h"

namespace shoal::shell {

/// A stream of another process, which this one may write to; until it is closed, and where there is none, another screen.
class DriverScreen final : public Screen {
 public:
  DriverScreen(Fd descriptor, Screen& otherwise) : otherwise_(otherwise), descriptor_(std::move(descriptor)) {}

  int descriptor() const override;
  Looks looks() const override;
  void write(std::string_view lines) override;
  void close();

 private:
  Screen& otherwise_;
  mutable Mutex mutex_;
  Fd descriptor_ GUARDED_BY(mutex_);
};

/// What the workers of a driver in another process write to: its own streams, and the daemon's once it is gone.
struct DriverScreens {
  DriverScreens(Fd to_out, Fd to_err)
      : out(std::move(to_out), Screen::standard_output()), err(std::move(to_err), Screen::standard_error()) {}
  void close() {
    out.close();
    err.close();
  }
  DriverScreen out, err;
};

}  // namespace shoal::shell
