#pragma once

#include <cstdint>
#include <string>

#include "shell/output/line.h"
#include "shell/output/line_fold.h"

namespace shoal::shell {

/// Where lines are shown.
struct Looks {
  bool is_terminal = false;  ///< What could steer it is spelled out.
  bool has_colour = false;
};

/// "(resize pid 4711) the line", without a line break.
std::string shown(const Origin& from, const Line& line, const Looks& looks);
/// The same, with how often others said it.
std::string shown(const LineFold::Folded& folded, const Looks& looks);

}  // namespace shoal::shell
