#include "shell/output/printer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/testing/temp_folder.h"
#include "shell/event.h"
#include "shell/output/worker_streams.h"

namespace shoal::shell {
namespace {

/// A screen that is a pipe: as long as nobody reads it, it takes 64 KiB.
class PipeScreen final : public Screen {
 public:
  PipeScreen() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    read_.reset(ends[0]);
    write_.reset(ends[1]);
  }
  int descriptor() const override { return write_.get(); }
  Looks looks() const override { return {}; }
  void write(std::string_view lines) override {
    if (::write(write_.get(), lines.data(), lines.size()) != static_cast<ssize_t>(lines.size())) std::abort();
  }
  /// Exactly so many bytes.
  std::string read(std::size_t bytes) const {
    std::string text(bytes, '\0');
    for (std::size_t at = 0; at < bytes;) {
      const ssize_t got = ::read(read_.get(), text.data() + at, bytes - at);
      if (got <= 0) std::abort();
      at += static_cast<std::size_t>(got);
    }
    return text;
  }

 private:
  Fd read_, write_;
};

Printer::Options options_of(PipeScreen& screen) { return {.showing = Showing::all, .out = &screen, .err = &screen}; }

TEST(Printer, ShowsLinesInOrder) {
  PipeScreen screen;
  Printer printer(options_of(screen));
  printer.put({.pid = 1}, {{.text = "one"}, {.text = "two"}});
  printer.put({.pid = 2, .is_error = true}, {{.text = "three"}});
  printer.put({.pid = 1}, {{.text = "four"}});
  const std::string wanted = "(worker pid 1) one\n(worker pid 1) two\n(worker pid 2) three\n(worker pid 1) four\n";
  EXPECT_EQ(screen.read(wanted.size()), wanted);
}

TEST(Printer, FoldsWhereItIsToldTo) {
  PipeScreen screen;
  {
    Printer::Options options = options_of(screen);
    options.showing = Showing::folded;
    Printer printer(options);
    for (const int pid : {1, 2, 3}) printer.put({.pid = pid}, {{.text = "ready"}});
  }
  const std::string wanted = "(worker pid 1) ready\n(worker pid 1) ready [2 times more, from 2 other processes]\n";
  EXPECT_EQ(screen.read(wanted.size()), wanted);
}

TEST(Printer, WritesFilesToo) {
  const TempFolder folder;
  PipeScreen screen;
  {
    Printer::Options options = options_of(screen);
    options.showing = Showing::nothing;
    options.folder = folder.path();
    options.program = "test";
    Printer printer(options);
    printer.put({.pid = 7}, {{.text = "out"}});
    printer.put({.pid = 7, .is_error = true}, {{.text = "err", .cut = 3}});
    printer.forget(7);
  }
  const auto read = [&](const char* name) {
    std::ifstream file(folder / name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_EQ(read("shoal-test-7.out"), "out\n");
  EXPECT_EQ(read("shoal-test-7.err"), "err [... 3 bytes more]\n");
}

TEST(Printer, GivesUpAScreenThatTakesNothingAtItsEnd) {
  PipeScreen screen;
  Printer::Options options = options_of(screen);
  options.patience_ns = 0;
  Printer printer(options);
  printer.put({.pid = 1}, std::vector<Line>(100, {.text = std::string(4'000, 'x')}));
}

// A process that writes without end, to a screen that takes nothing: it stands still, and what is kept has a limit.
TEST(Printer, WhoWritesWaitsForTheScreen) {
  constexpr std::size_t k_line = 100, k_lines = 100'000;  // 10 MB
  const std::string line = std::string(k_line - 1, 'x') + "\n";
  const std::string shown = "(worker pid 1) " + line;
  PipeScreen screen;
  Printer printer(options_of(screen));
  Reader reader;
  OutputPipes pipes = OutputPipes::make().value_or_throw();
  WorkerStreams streams(reader, printer, 1, "secret", std::move(pipes.read_out), std::move(pipes.read_err));
  streams.watch();

  std::string all;
  for (std::size_t i = 0; i < k_lines; ++i) all += line;
  ::fcntl(pipes.out.get(), F_SETFL, O_NONBLOCK);
  std::size_t written = 0;
  const auto write_some = [&] {
    const ssize_t got = ::write(pipes.out.get(), all.data() + written, all.size() - written);
    if (got > 0) written += static_cast<std::size_t>(got);
    return got > 0;
  };
  while (write_some() || !printer.is_full()) {}
  while (write_some()) {}  // what the pipe takes
  EXPECT_LT(written, std::size_t{4} << 20);

  std::size_t read = 0;
  while (read < k_lines) {
    write_some();
    if (read * k_line < written) {
      ASSERT_EQ(screen.read(shown.size()), shown);
      ++read;
    }
  }
  EXPECT_EQ(written, all.size());
  streams.end();
}

// Something that a process started, and that outlives it, may write to its streams for ever.
TEST(WorkerStreams, EndWhereOthersGoOnWriting) {
  PipeScreen screen;
  Printer::Options options = options_of(screen);
  options.showing = Showing::nothing;
  Printer printer(options);
  Reader reader;
  OutputPipes pipes = OutputPipes::make().value_or_throw();
  WorkerStreams streams(reader, printer, 1, "secret", std::move(pipes.read_out), std::move(pipes.read_err));
  ::signal(SIGPIPE, SIG_IGN);
  std::atomic<bool> over{false};
  std::thread other([&] {
    const std::string line = std::string(4'095, 'y') + "\n";
    ::fcntl(pipes.out.get(), F_SETFL, O_NONBLOCK);
    while (!over) [[maybe_unused]]
      const auto wrote = ::write(pipes.out.get(), line.data(), line.size());
  });
  streams.end();
  over = true;
  other.join();
  ::signal(SIGPIPE, SIG_DFL);
}

TEST(WorkerStreams, KeepTheLastWordsOfTheLastTask) {
  PipeScreen screen;
  Printer printer(options_of(screen));
  Reader reader;
  OutputPipes pipes = OutputPipes::make().value_or_throw();
  WorkerStreams streams(reader, printer, 1, "secret", std::move(pipes.read_out), std::move(pipes.read_err));
  const std::string text = "of another\n" + mark_of("secret", "load") + "1\n2\n3\n4\n5\n6\nno \x1b[1m break";
  ASSERT_EQ(::write(pipes.err.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  streams.end();
  EXPECT_EQ(streams.last_words(), "\n  | 3\n  | 4\n  | 5\n  | 6\n  | no \\x1b[1m break");
}

}  // namespace
}  // namespace shoal::shell
