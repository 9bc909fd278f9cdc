#include "shell/output/printer.h"

#include <poll.h>
#include <shoal/base/log.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "base/console.h"
#include "shell/pump.h"

namespace shoal::shell {
namespace {

/// What a pipe or a terminal that is ready takes without making the writer wait, about.
constexpr std::size_t k_write_bytes = 4'096;
/// How often a thread that waits for a screen looks whether it shall end.
constexpr int k_look_ms = 100;

std::size_t cost_of(const std::vector<Line>& lines) {
  std::size_t bytes = 0;
  for (const Line& line : lines) bytes += sizeof(Line) + line.text.size();
  return bytes;
}

class StandardOutput final : public Screen {
 public:
  int descriptor() const override { return STDOUT_FILENO; }
  Looks looks() const override { return {console_.is_terminal(), console_.has_colour()}; }
  void write(std::string_view lines) override {
    std::fwrite(lines.data(), 1, lines.size(), stdout);
    std::fflush(stdout);
  }

 private:
  const Console console_{STDOUT_FILENO};
};

class StandardError final : public Screen {
 public:
  int descriptor() const override { return STDERR_FILENO; }
  Looks looks() const override { return {Console::process().is_terminal(), Console::process().has_colour()}; }
  void write(std::string_view lines) override {
    lines.remove_suffix(1);  // the console ends it
    Console::process().write_line(lines);
  }
};

bool folds(Showing showing, const Screen& screen) {
  return showing == Showing::folded || (showing == Showing::folded_on_terminals && screen.looks().is_terminal);
}

}  // namespace

Screen& Screen::standard_output() {
  static StandardOutput screen;
  return screen;
}

Screen& Screen::standard_error() {
  static StandardError screen;
  return screen;
}

Printer::Printer(Options options)
    : options_(std::move(options)),
      folds_out_(folds(options_.showing, *options_.out)),
      folds_err_(folds(options_.showing, *options_.err)),
      thread_([this] { run(); }) {}

Printer::~Printer() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
    stopped_at_ = now();
    work_.notify_one();
  }
  thread_.join();
}

void Printer::put(const Origin& from, std::vector<Line> lines) {
  if (lines.empty()) return;
  const Lock lock(mutex_);
  bytes_ += cost_of(lines);
  queue_.push_back({from, std::move(lines)});
  work_.notify_one();
}

void Printer::forget(int pid) {
  const Lock lock(mutex_);
  queue_.push_back({.from = {.pid = pid}, .lines = {}});
  work_.notify_one();
}

bool Printer::is_full() const {
  const Lock lock(mutex_);
  return bytes_ > options_.bytes_max;
}

void Printer::wait_for_room(Waiter& waiter) {
  const Lock lock(mutex_);
  if (bytes_ <= options_.bytes_max) return waiter.on_room();
  waiters_.push_back(&waiter);
}

void Printer::stop_waiting(Waiter& waiter) {
  const Lock lock(mutex_);
  std::erase(waiters_, &waiter);
}

// --- The thread.

void Printer::run() {
  Lock lock(mutex_);
  while (true) {
    wait_for_work(lock);
    const bool is_last = stopping_ && queue_.empty();
    std::vector<Written> batch = std::exchange(queue_, {});
    lock.unlock();
    print(batch);
    show_folded(is_last);
    flush(false);
    flush(true);
    lock.lock();
    folded_until_ = fold_.next_time();
    for (const Written& written : batch) bytes_ -= cost_of(written.lines);
    if (bytes_ <= options_.bytes_max / 2) {
      for (Waiter* const waiter : std::exchange(waiters_, {})) waiter->on_room();
    }
    if (is_last) return;
  }
}

void Printer::wait_for_work(Lock& lock) {
  using std::chrono::nanoseconds;
  using std::chrono::steady_clock;
  while (queue_.empty() && !stopping_) {
    if (!folded_until_) {
      work_.wait(lock);
    } else if (*folded_until_ <= now()) {
      return;
    } else {
      work_.wait_until(lock, steady_clock::time_point(nanoseconds(*folded_until_)));
    }
  }
}

void Printer::print(const std::vector<Written>& batch) {
  for (const Written& written : batch) {
    if (!options_.folder.empty()) write_to_files(written);
    if (options_.showing != Showing::nothing) show(written);
  }
}

void Printer::show(const Written& written) {
  const bool is_error = written.from.is_error;
  const Looks looks = (is_error ? options_.err : options_.out)->looks();
  const bool folds = is_error ? folds_err_ : folds_out_;
  for (const Line& line : written.lines) {
    if (folds && !fold_.take(written.from, line, now())) continue;
    show_line(is_error, shown(written.from, line, looks));
  }
}

void Printer::show_folded(bool all) {
  std::vector<LineFold::Folded> folded;
  fold_.give(now(), all, folded);
  for (const LineFold::Folded& one : folded) {
    const bool is_error = one.first.is_error;
    show_line(is_error, shown(one, (is_error ? options_.err : options_.out)->looks()));
  }
}

/// Those of one stream go together, as many as one write takes.
void Printer::show_line(bool is_error, std::string line) {
  std::string& pending = pending_[is_error];
  if (!pending.empty() && pending.size() + line.size() >= k_write_bytes) flush(is_error);
  flush(!is_error);  // so that both stay in order where they are one terminal
  pending += line;
  pending += '\n';
}

void Printer::flush(bool is_error) {
  std::string& pending = pending_[is_error];
  if (pending.empty()) return;
  Screen& screen = *(is_error ? options_.err : options_.out);
  if (wait_until_writable(screen)) screen.write(pending);
  pending.clear();
}

/// False where this ends and the screen takes nothing any more.
bool Printer::wait_until_writable(const Screen& screen) {
  while (!gave_up_) {
    pollfd ready{.fd = screen.descriptor(), .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, k_look_ms) > 0) return true;  // an error, too: that the screen finds
    const Lock lock(mutex_);
    gave_up_ = stopping_ && now() - stopped_at_ > options_.patience_ns;
  }
  return false;
}

void Printer::write_to_files(const Written& written) {
  const int pid = written.from.pid;
  if (written.lines.empty()) {
    files_.erase(pid);
    return;
  }
  std::unique_ptr<Files>& files = files_[pid];
  if (files == nullptr) {
    files = std::make_unique<Files>(options_.folder + "/shoal-" + options_.program + "-" + std::to_string(pid),
                                    options_.file_bytes_max);
  }
  Status status;
  for (const Line& line : written.lines) {
    std::string text = line.text;
    if (line.cut > 0) text += " [... " + std::to_string(line.cut) + " bytes more]";
    status = (written.from.is_error ? files->err : files->out).write(text += '\n');
    if (!status.ok()) break;
  }
  if (status.ok() || std::exchange(has_file_fault_, true)) return;
  log::warn("output of worker processes is not all in files; SHOAL_LOG_DIR is {}: {}", options_.folder, status.text());
}

}  // namespace shoal::shell
