#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/time.h"
#include "shell/output/line.h"

namespace shoal::shell {

/// Folds lines that several processes write alike within a second: the first one is shown, those of other processes are
/// counted. What one process repeats is shown, since that may be what it wants to say. Pure.
class LineFold {
 public:
  /// What was counted of one line.
  struct Folded {
    Origin first{};
    Line line{};
    std::uint64_t times = 0;    ///< That it was not shown.
    std::size_t processes = 0;  ///< That wrote these.
  };

  /// False: it is counted, and not to be shown.
  bool take(const Origin& from, const Line& line, Time now);
  /// Appends what was counted until now of lines whose second is over; with `all` of all.
  void give(Time now, bool all, std::vector<Folded>& into);
  /// When give() has something to do.
  std::optional<Time> next_time() const;

 private:
  using Key = std::tuple<bool, std::string, std::string>;  // standard error, who, text
  struct Entry {
    Folded folded{};
    std::set<int> others{};
    Time until = 0;
  };

  std::map<Key, Entry> entries_;
  std::multimap<Time, Key> ends_;
};

}  // namespace shoal::shell
