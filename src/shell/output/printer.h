#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/thread_safety.h"
#include "base/time.h"
#include "shell/output/line.h"
#include "shell/output/line_fold.h"
#include "shell/output/rotating_file.h"
#include "shell/output/shown_line.h"

namespace shoal::shell {

/// A stream of the program that lines are shown on.
class Screen {
 public:
  virtual ~Screen() = default;
  virtual int descriptor() const = 0;
  virtual Looks looks() const = 0;
  /// Whole lines, each with its line break.
  virtual void write(std::string_view lines) = 0;

  /// Through stdio, so that a line never stands inside one of the program's own.
  static Screen& standard_output();
  /// Through the process's console, so that progress stays whole.
  static Screen& standard_error();
};

/// What becomes of what workers write.
enum class Showing : std::uint8_t {
  folded_on_terminals,  ///< All of it; on a terminal what several processes write alike is shown once, with a count.
  all,
  folded,
  nothing,  ///< But for files.
};

/// Writes the lines of worker processes to the program's own streams, and to files in a folder. A thread of its own does,
/// for a terminal or a disk may stand still: then what is kept grows to a limit, and whoever reads from the workers waits
/// for room, so that those stand still in their turn which write, and nobody else does. Nothing is lost.
class Printer {
 public:
  struct Options {
    Showing showing = Showing::folded_on_terminals;
    std::string folder{};  ///< Of the files; empty = none.
    std::string program{};
    Screen* out = &Screen::standard_output();
    Screen* err = &Screen::standard_error();
    std::size_t bytes_max = 1 << 20;          ///< It is full when it keeps more.
    std::uint64_t file_bytes_max = 16 << 20;  ///< See RotatingFile.
    Time patience_ns = 2'000'000'000;         ///< At its end it waits so long for a screen that takes nothing.
  };
  explicit Printer(Options options);
  /// Writes what it was given.
  ~Printer();
  Printer(const Printer&) = delete;
  Printer& operator=(const Printer&) = delete;

  /// Never waits, and takes all, even if it is full.
  void put(const Origin& from, std::vector<Line> lines);
  /// That process has ended.
  void forget(int pid);

  /// Somebody who waits for room.
  class Waiter {
   public:
    virtual ~Waiter() = default;
    /// Under the printer's lock.
    virtual void on_room() = 0;
  };
  bool is_full() const;
  /// Calls on_room() once, perhaps before it returns.
  void wait_for_room(Waiter& waiter);
  /// After it, on_room() is not called.
  void stop_waiting(Waiter& waiter);

 private:
  struct Written {
    Origin from;
    std::vector<Line> lines;  // none: the process has ended
  };
  struct Files {
    explicit Files(const std::string& path, std::uint64_t bytes_max)
        : out(path + ".out", bytes_max, k_older), err(path + ".err", bytes_max, k_older) {}
    static constexpr int k_older = 4;
    RotatingFile out, err;
  };

  void run();
  void wait_for_work(Lock& lock) REQUIRES(mutex_);
  void print(const std::vector<Written>& batch);
  void show(const Written& written);
  void show_folded(bool all);
  void show_line(bool is_error, std::string line);
  void flush(bool is_error);
  bool wait_until_writable(const Screen& screen);
  void write_to_files(const Written& written);

  const Options options_;
  const bool folds_out_, folds_err_;

  // Of its thread.
  LineFold fold_;
  std::string pending_[2];  // of standard output and error
  std::map<int, std::unique_ptr<Files>> files_;
  bool has_file_fault_ = false;
  bool gave_up_ = false;

  mutable Mutex mutex_;
  CondVar work_;
  std::vector<Written> queue_ GUARDED_BY(mutex_);
  std::size_t bytes_ GUARDED_BY(mutex_) = 0;  // those included that are being printed
  std::vector<Waiter*> waiters_ GUARDED_BY(mutex_);
  std::optional<Time> folded_until_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  Time stopped_at_ GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace shoal::shell
