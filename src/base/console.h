#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/thread_safety.h"

namespace shoal {

/// What people read: lines that stay, and below them blocks of status lines that are redrawn in place. Everything that
/// Shoal writes to standard error goes through the process's one console, so that log lines and progress never mix.
///
/// The cursor stays where the next line will go and status is drawn below it, so whatever else the program prints
/// stands above the status too, and a terminal that is resized needs no care. Thread-safe.
class Console {
 public:
  struct Size {
    int columns = 80;
    int rows = 24;
  };

  /// Writes to `fd`, which outlives it.
  explicit Console(int fd);
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;
  /// Standard error's. Never destroyed: threads may log until the process is gone.
  static Console& process();

  /// Whether status can be drawn: a terminal that knows cursor movement.
  bool is_terminal() const { return is_terminal_; }
  /// Whether colours are welcome: a terminal, and NO_COLOR unset.
  bool has_colour() const { return has_colour_; }
  /// Of the terminal at this moment; the default where there is none.
  Size size() const;

  /// Writes `text` and a line break above the status.
  void write_line(std::string_view text);
  /// Takes all status off the screen, then writes the line: for a process that ends without destroying anything.
  void write_last_line(std::string_view text);

  /// A block of status lines; gone from the screen when destroyed. Blocks stand in the order they were made.
  class Status {
   public:
    explicit Status(Console& console);
    ~Status();
    Status(const Status&) = delete;
    Status& operator=(const Status&) = delete;
    /// Replaces the block. Lines must not be wider than the terminal. Does nothing where there is no terminal.
    void show(std::vector<std::string> lines);

   private:
    Console& console_;
    std::uint64_t id_;
  };

 private:
  using Block = std::pair<std::uint64_t, std::vector<std::string>>;

  void draw(std::string output) REQUIRES(mutex_);

  const int fd_;
  const bool is_terminal_;
  const bool has_colour_;

  Mutex mutex_;
  std::vector<Block> blocks_ GUARDED_BY(mutex_);
  std::uint64_t next_id_ GUARDED_BY(mutex_) = 0;
};

/// Whether text for people may hold UTF-8: LC_ALL, LC_CTYPE or LANG, the first that is set, names it.
bool locale_is_utf8();

/// `text` with control characters other than line breaks and tabs, those of UTF-8's second block (C1) too, as "\x1b": names of objects and messages of others
/// must not steer the terminal.
std::string without_control_characters(std::string_view text);
/// The same with line breaks as "\n" too: for a text that stands inside a line.
std::string as_one_line(std::string_view text);

}  // namespace shoal
