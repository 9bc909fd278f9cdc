#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace shoal::shell {

/// A line that a worker process wrote to its standard output or error.
struct Line {
  std::shared_ptr<const std::string> who{};  ///< The task or actor that ran; null = none had yet.
  std::string text{};                        ///< Without its line break. Any bytes.
  std::uint64_t cut = 0;                     ///< Bytes that are left out at its end.
};

/// A process that writes, and what it writes to.
struct Origin {
  int pid = 0;
  bool is_error = false;  ///< Standard error; else standard output.
  std::string host{};     ///< Empty = this machine.
};

}  // namespace shoal::shell
