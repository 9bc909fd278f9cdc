#pragma once

#include <string>

#include "base/posix.h"

namespace shoal::testing {

/// While it lives, what this process writes to its standard output and error is kept here.
class Captured {
 public:
  Captured();
  ~Captured();
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;

  /// Until now.
  std::string out() const;
  std::string err() const;

 private:
  Fd out_, err_;          // memory
  Fd own_out_, own_err_;  // as they were
};

}  // namespace shoal::testing
