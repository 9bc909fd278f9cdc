#include "data/exec/observe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/testing/child.h"
#include "data/exec/testing/synthetic_run.h"

namespace shoal::data {
namespace {

using namespace std::chrono_literals;
using shoal::testing::Child;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::synthetic_report;
using testing::SyntheticRun;

constexpr ObserverPace k_fast{.first_draw = 1ms, .draw = 1ms, .line = 1ms};

RunSettings settings(Verbosity verbosity) {
  RunSettings settings;
  settings.verbosity = verbosity;
  settings.progress = true;
  return settings;
}

/// A terminal of 80 columns whose other end the test reads.
class Terminal {
 public:
  Terminal() : master_(posix_openpt(O_RDWR | O_NOCTTY)) {
    grantpt(master_);
    unlockpt(master_);
    slave_ = open(ptsname(master_), O_RDWR | O_NOCTTY);
    const winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    ioctl(slave_, TIOCSWINSZ, &size);
    setenv("TERM", "xterm", 1);
  }
  ~Terminal() {
    close(slave_);
    close(master_);
  }
  int fd() const { return slave_; }
  /// What was written so far, `end` included: waits for it.
  std::string read_until(const std::string& end) const {
    std::string text;
    char bytes[4096];
    while (text.find(end) == std::string::npos) {
      const ssize_t count = read(master_, bytes, sizeof bytes);
      if (count <= 0) break;
      text.append(bytes, static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  int master_;
  int slave_ = -1;
};

TEST(Observe, DrawsOnATerminalAndCleansUp) {
  const Terminal terminal;
  Console console(terminal.fd());
  ASSERT_TRUE(console.is_terminal());
  const auto run = std::make_shared<SyntheticRun>(synthetic_report(130));
  RunObserver observer(settings(Verbosity::verbose), "plan", {.first_draw = 1ms, .draw = 1h, .line = 1h}, console);
  observer.attach(run);
  const std::string picture = terminal.read_until("input");
  EXPECT_THAT(picture, HasSubstr("CPU 7/16"));
  EXPECT_THAT(picture, HasSubstr("MapBatches(Nap)"));
  console.write_line("a log line");
  const std::string between = terminal.read_until("input");
  EXPECT_LT(between.find("a log line"), between.find("CPU 7/16"));  // above the picture, which is drawn again
  const RunReport report = observer.finish(Status());
  EXPECT_EQ(report.rows_delivered, 130 * 25);
  console.write_line("after");
  const std::string rest = terminal.read_until("after");
  EXPECT_THAT(rest, HasSubstr("\x1b[J"));
  EXPECT_THAT(rest, Not(HasSubstr("CPU")));
}

TEST(Observe, WritesPlainLinesElsewhere) {
  Child child([] {
    const auto run = std::make_shared<SyntheticRun>(synthetic_report(130));
    RunObserver observer(settings(Verbosity::normal), "ListFiles -> ReadImages", k_fast);
    observer.attach(run);
    run->wait_for_reports(3);
    observer.finish(Status());
    return 0;
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_THAT(child.output(), HasSubstr("Executing ListFiles -> ReadImages\n"));
  EXPECT_THAT(child.output(), HasSubstr("65% 130/~200 blocks"));
  EXPECT_THAT(child.output(), HasSubstr("Finished in 8.00 s: 3,250 rows"));
  EXPECT_THAT(child.output(), Not(HasSubstr("\x1b")));
}

TEST(Observe, QuietSaysNothing) {
  Child child([] {
    RunObserver observer(settings(Verbosity::quiet), "plan", k_fast);
    observer.attach(std::make_shared<SyntheticRun>(synthetic_report(130)));
    observer.finish(Status());
    return 0;
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(child.output(), "");
}

TEST(Observe, CtrlCCancelsTheRun) {
  Child child([] {
    const auto run = std::make_shared<SyntheticRun>(synthetic_report(130));
    RunObserver observer(settings(Verbosity::normal), "the plan", {.first_draw = 1h, .draw = 1h, .line = 1h});
    observer.attach(run);
    if (write(STDOUT_FILENO, "attached\n", 9) != 9) return 1;
    const Status reason = run->wait_until_cancelled();
    observer.finish(reason);
    return reason.code() == ErrorCode::cancelled ? 7 : 2;
  });
  ASSERT_TRUE(child.wait_for("attached"));
  child.send(SIGINT);
  EXPECT_EQ(WEXITSTATUS(child.wait()), 7);
}

TEST(Observe, WritesTheTraceAtTheEnd) {
  char name[] = "/tmp/shoal-observe-test-XXXXXX";
  const std::string folder = mkdtemp(name);
  RunSettings with_trace = settings(Verbosity::quiet);
  with_trace.trace_path = folder + "/trace.json";
  RunObserver observer(with_trace, "plan");
  const RunHooks hooks = observer.hooks();
  ASSERT_TRUE(hooks.on_fragment);
  observer.attach(std::make_shared<SyntheticRun>(synthetic_report(1)));
  hooks.on_fragment({.op = 0, .ordinal = 3, .attempt = 0, .start_ns = 0, .end_ns = 2'000, .failed = false});
  observer.finish(Status());
  EXPECT_GT(std::filesystem::file_size(with_trace.trace_path), 100U);
  std::filesystem::remove_all(folder);
}

TEST(Observe, WithoutATracePathThereIsNoHook) {
  EXPECT_FALSE(RunObserver(settings(Verbosity::quiet), "plan").hooks().on_fragment);
}

}  // namespace
}  // namespace shoal::data
