#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/posix.h"
#include "base/status.h"

namespace shoal::shell {

/// A file that is written to its end and then begun anew, the older ones being `path.1`, `path.2`, ..., the oldest of which
/// goes: so it never takes more than (`older` + 1) * `bytes_max`, and one write more.
class RotatingFile {
 public:
  RotatingFile(std::string path, std::uint64_t bytes_max, int older);

  /// Makes it at the first call. What is written by one call stands in one file.
  Status write(std::string_view bytes);

 private:
  Status open();
  void rotate();

  const std::string path_;
  const std::uint64_t bytes_max_;
  const int older_;
  Fd file_;
  std::uint64_t bytes_ = 0;
};

}  // namespace shoal::shell
