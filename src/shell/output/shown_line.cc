#include "shell/output/shown_line.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>

#include "base/console.h"

namespace shoal::shell {
namespace {

/// Processes are told apart by colour. Red and yellow are for errors and warnings.
std::string in_colour_of(int pid, const std::string& text) {
  constexpr std::array k_colours = {36, 32, 35, 34, 96, 92, 95, 94};
  return fmt::format("\x1b[{}m{}\x1b[0m", k_colours[static_cast<std::size_t>(pid) % k_colours.size()], text);
}

/// As a terminal would have shown it: what a carriage return goes back over is overwritten.
std::string on_terminal(std::string text) {
  while (!text.empty() && text.back() == '\r') text.pop_back();
  if (const std::size_t at = text.rfind('\r'); at != std::string::npos) text.erase(0, at + 1);
  return without_control_characters(text);
}

}  // namespace

std::string shown(const Origin& from, const Line& line, const Looks& looks) {
  const std::string tag = fmt::format("({} pid {}{}{})", line.who == nullptr ? "worker" : *line.who, from.pid,
                                      from.host.empty() ? "" : " on ", from.host);
  std::string text = looks.has_colour ? in_colour_of(from.pid, tag) : tag;
  text += ' ';
  text += looks.is_terminal ? on_terminal(line.text) : line.text;
  if (line.cut > 0) text += fmt::format(" [... {} bytes more]", line.cut);
  return text;
}

std::string shown(const LineFold::Folded& folded, const Looks& looks) {
  return shown(folded.first, folded.line, looks) + fmt::format(" [{} times more, from {} other process{}]",
                                                               folded.times, folded.processes,
                                                               folded.processes == 1 ? "" : "es");
}

}  // namespace shoal::shell
