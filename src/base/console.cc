#include "base/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace shoal {
namespace {

// Erases the cursor's line from the cursor on and everything below it. It makes sure that there is a line below (index,
// up) and erases that one first: tmux copies the screen into its history when all of it is erased at once.
constexpr std::string_view k_erase =
    "\x1b"
    "D\x1b[A"
    "\x1b"
    "7\x1b[B\r\x1b[J\x1b"
    "8\x1b[K";

bool can_draw(int fd) {
  const char* term = std::getenv("TERM");
  return isatty(fd) == 1 && term != nullptr && std::string_view(term) != "dumb" && *term != '\0';
}

bool wants_colour() {
  const char* refused = std::getenv("NO_COLOR");
  return refused == nullptr || *refused == '\0';
}

/// Writes all of it. A console that is gone is nobody's error.
void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Console::Console(int fd) : fd_(fd), is_terminal_(can_draw(fd)), has_colour_(is_terminal_ && wants_colour()) {}

Console& Console::process() {
  static Console* const console = new Console(STDERR_FILENO);
  return *console;
}

Console::Size Console::size() const {
  winsize size{};
  if (ioctl(fd_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

void Console::write_line(std::string_view text) {
  const Lock lock(mutex_);
  std::string output;
  if (!blocks_.empty() && is_terminal_) output = k_erase;
  output += text;
  output += '\n';
  draw(std::move(output));
}

void Console::write_last_line(std::string_view text) {
  {
    const Lock lock(mutex_);
    for (Block& block : blocks_) block.second.clear();
  }
  write_line(text);
}

void Console::draw(std::string output) {
  std::size_t lines = 0;
  for (const Block& block : blocks_) lines += block.second.size();
  // One row for the cursor and one for what the program printed last.
  lines = is_terminal_ ? std::min<std::size_t>(lines, static_cast<std::size_t>(std::max(size().rows - 2, 0))) : 0;
  if (lines > 0) {
    // Index (ESC D) makes room by scrolling and keeps the column, so that a half-printed line stays whole.
    for (std::size_t i = 0; i < lines; ++i)
      output +=
          "\x1b"
          "D";
    output += "\x1b[" + std::to_string(lines) +
              "A\x1b"
              "7";
    for (const Block& block : blocks_) {
      for (const std::string& line : block.second) {
        if (lines == 0) break;
        output += "\r\n" + line;
        --lines;
      }
    }
    output +=
        "\x1b"
        "8";
  }
  write_all(fd_, output);
}

Console::Status::Status(Console& console) : console_(console) {
  const Lock lock(console_.mutex_);
  id_ = console_.next_id_++;
  console_.blocks_.emplace_back(id_, std::vector<std::string>());
}

Console::Status::~Status() {
  const Lock lock(console_.mutex_);
  std::erase_if(console_.blocks_, [this](const Block& block) { return block.first == id_; });
  if (console_.is_terminal_) console_.draw(std::string(k_erase));
}

void Console::Status::show(std::vector<std::string> lines) {
  if (!console_.is_terminal_) return;
  const Lock lock(console_.mutex_);
  for (Block& block : console_.blocks_) {
    if (block.first == id_) block.second = std::move(lines);
  }
  console_.draw(std::string(k_erase));
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    std::string lower(value);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    return lower.find("utf-8") != std::string::npos || lower.find("utf8") != std::string::npos;
  }
  return false;
}

std::string without_control_characters(std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    const unsigned char after = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    const bool is_c1 = byte == 0xc2 && after >= 0x80 &&
                       after <= 0x9f;  // U+0080 to U+009F: 9B begins a sequence, as ESC [
    if (is_c1) {
      byte = after;
      ++i;
    }
    if (is_c1 || (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) {
      clean += {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
    } else {
      clean += text[i];
    }
  }
  return clean;
}

std::string as_one_line(std::string_view text) {
  std::string line = without_control_characters(text);
  for (std::size_t at = line.find('\n'); at != std::string::npos; at = line.find('\n', at)) line.replace(at, 1, "\\n");
  return line;
}

}  // namespace shoal
