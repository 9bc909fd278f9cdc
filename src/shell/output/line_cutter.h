#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shell/output/line.h"

namespace shoal::shell {

/// A line is kept up to this length: what is longer is cut, and says so.
inline constexpr std::size_t k_line_max = 16'384;
/// The longest name in a mark. A mark is written by one system call that nothing comes between (PIPE_BUF).
inline constexpr std::size_t k_name_max = 200;

/// What a worker writes into its own streams when another task begins, `secret` being known to it and to its reader only:
/// what comes behind it is of that task.
std::string mark_of(std::string_view secret, std::string_view name);

/// Cuts what one stream of a process brings into lines, and takes the marks out. Keeps one line of bounded length.
class LineCutter {
 public:
  explicit LineCutter(std::string_view secret);

  /// Appends the lines that are whole. A mark ends the line before it, too.
  void take(std::string_view bytes, std::vector<Line>& into);
  /// Nothing follows: appends what stood behind the last line break.
  void end(std::vector<Line>& into);

 private:
  void add(std::string_view part);
  void end_line(std::vector<Line>& into);

  const std::string mark_;
  std::shared_ptr<const std::string> who_;
  std::string line_;          // its begin
  std::string tail_;          // of one that is too long: its last bytes, where a mark may stand
  std::uint64_t length_ = 0;  // of the whole line
};

}  // namespace shoal::shell
