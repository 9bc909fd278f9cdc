#include "shell/output/line_fold.h"

#include <utility>

namespace shoal::shell {
namespace {

constexpr Time k_fold_ns = 1'000'000'000;
/// Lines that are looked out for at once. What comes beyond is shown.
constexpr std::size_t k_entries_max = 1'000;

}  // namespace

bool LineFold::take(const Origin& from, const Line& line, Time now) {
  if (line.text.empty()) return true;
  Key key(from.is_error, line.who == nullptr ? "" : *line.who, line.text);
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.until <= now) {
    if (found == entries_.end() && entries_.size() < k_entries_max) {
      entries_.emplace(key, Entry{.folded = {.first = from, .line = line}, .until = now + k_fold_ns});
      ends_.emplace(now + k_fold_ns, std::move(key));
    }
    return true;
  }
  Entry& entry = found->second;
  if (entry.folded.first.pid == from.pid) return true;
  ++entry.folded.times;
  entry.others.insert(from.pid);
  return false;
}

void LineFold::give(Time now, bool all, std::vector<Folded>& into) {
  while (!ends_.empty() && (all || ends_.begin()->first <= now)) {
    const auto entry = entries_.find(ends_.begin()->second);
    entry->second.folded.processes = entry->second.others.size();
    if (entry->second.folded.times > 0) into.push_back(std::move(entry->second.folded));
    entries_.erase(entry);
    ends_.erase(ends_.begin());
  }
}

std::optional<Time> LineFold::next_time() const {
  if (ends_.empty()) return std::nullopt;
  return ends_.begin()->first;
}

}  // namespace shoal::shell
