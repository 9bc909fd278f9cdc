#include "shell/output/line_cutter.h"

#include <algorithm>
#include <utility>

#include "base/console.h"

namespace shoal::shell {
namespace {

constexpr char k_separator = '\x1e';  // of records; nobody's output is full of it
constexpr std::size_t k_mark_max = 1'024;

}  // namespace

std::string mark_of(std::string_view secret, std::string_view name) {
  std::string mark(1, k_separator);
  mark += secret;
  mark += k_separator;
  mark += as_one_line(name.substr(0, k_name_max));
  mark += '\n';
  return mark;
}

LineCutter::LineCutter(std::string_view secret) : mark_(k_separator + std::string(secret) + k_separator) {}

void LineCutter::take(std::string_view bytes, std::vector<Line>& into) {
  while (!bytes.empty()) {
    const std::size_t at = bytes.find('\n');
    add(bytes.substr(0, at));
    if (at == std::string_view::npos) return;
    end_line(into);
    bytes.remove_prefix(at + 1);
  }
}

void LineCutter::end(std::vector<Line>& into) {
  if (length_ > 0) end_line(into);
}

void LineCutter::add(std::string_view part) {
  const std::size_t room = std::min(part.size(), k_line_max - line_.size());
  line_.append(part.substr(0, room));
  length_ += part.size();
  if (length_ <= k_line_max) return;
  if (tail_.empty()) tail_ = line_.substr(line_.size() - k_mark_max);
  tail_.append(part.substr(room));
  if (tail_.size() > k_mark_max) tail_.erase(0, tail_.size() - k_mark_max);
}

void LineCutter::end_line(std::vector<Line>& into) {
  const std::string& end = tail_.empty() ? line_ : tail_;
  const std::size_t at = end.rfind(mark_);
  const bool has_mark = at != std::string::npos;
  const std::uint64_t length = has_mark ? length_ - (end.size() - at) : length_;
  auto who = has_mark ? std::make_shared<const std::string>(end.substr(at + mark_.size())) : who_;
  if (length > 0 || !has_mark) {
    line_.resize(std::min<std::uint64_t>(line_.size(), length));
    const std::uint64_t cut = length - line_.size();
    into.push_back({std::move(who_), std::move(line_), cut});
  }
  who_ = std::move(who);
  line_.clear();
  tail_.clear();
  length_ = 0;
}

}  // namespace shoal::shell
