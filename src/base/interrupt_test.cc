#include "base/interrupt.h"

#include <shoal/base/error.h>

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

#include "base/testing/child.h"

namespace shoal {
namespace {

using testing::Child;

void say(std::string_view text) {
  [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
}

[[noreturn]] void sleep_for_ever() {
  for (;;) pause();
}

/// Work that ends when Ctrl-C asks it to. It waits at a condition variable and not at a future, because the thread
/// sanitizer holds signals back from threads that wait in a way it does not know.
class Work {
 public:
  Work() : registration_({.interrupt = [this] { ask(); }}) {}
  void wait_until_asked() {
    std::unique_lock lock(mutex_);
    asked_changed_.wait(lock, [this] { return asked_; });
  }

 private:
  void ask() {
    const std::lock_guard lock(mutex_);
    asked_ = true;
    asked_changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable asked_changed_;
  bool asked_ = false;
  InterruptRegistration registration_;
};

bool sigint_is_default() {
  struct sigaction current{};
  sigaction(SIGINT, nullptr, &current);
  return current.sa_handler == SIG_DFL;
}

TEST(Interrupt, AsksTheWorkToEndAndTheProgramGoesOn) {
  Child child([] {
    for (int i = 0; i < 2; ++i) {  // a program that catches Cancelled may run again, and be interrupted again
      Work work;
      say("working" + std::to_string(i));
      work.wait_until_asked();
    }
    return was_interrupted() ? 7 : 1;
  });
  ASSERT_TRUE(child.wait_for("working0"));
  child.send(SIGINT);
  ASSERT_TRUE(child.wait_for("working1"));
  child.send(SIGINT);
  const int status = child.wait();
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(Interrupt, AsksEveryRegistration) {
  Child child([] {
    Work first, second;
    say("working");
    first.wait_until_asked();
    second.wait_until_asked();
    return 7;
  });
  ASSERT_TRUE(child.wait_for("working"));
  child.send(SIGINT);
  EXPECT_EQ(WEXITSTATUS(child.wait()), 7);
}

TEST(Interrupt, NamesWhatDoesNotEndCleansUpAndExitsWith130) {
  Child child([]() -> int {
    const InterruptRegistration registration({
        .interrupt = [] { say("asked "); },
        .still_running = [] { return std::vector<std::string>{"Map(stubborn)"}; },
        .discard = [] { say("discarded "); },
    });
    say("working ");
    sleep_for_ever();
  });
  ASSERT_TRUE(child.wait_for("working"));
  child.send(SIGINT);
  const auto start = std::chrono::steady_clock::now();
  const int status = child.wait();
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(k_interrupt_grace_ms - 100));
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), k_interrupt_exit_status);
  const std::size_t discarded = child.output().find("asked discarded");
  ASSERT_NE(discarded, std::string::npos) << child.output();
  EXPECT_NE(child.output().find("Map(stubborn)", discarded), std::string::npos) << child.output();
}

TEST(Interrupt, ASecondSignalKills) {
  Child child([]() -> int {
    Work work;
    say("working ");
    work.wait_until_asked();
    say("asked ");
    sleep_for_ever();
  });
  ASSERT_TRUE(child.wait_for("working"));
  child.send(SIGINT);
  ASSERT_TRUE(child.wait_for("asked"));
  child.send(SIGINT);
  const int status = child.wait();
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGINT);
}

TEST(Interrupt, ACancelledThatNobodyCatchesExitsWith130) {
  Child child([]() -> int {
    Work work;
    say("working ");
    work.wait_until_asked();
    throw Cancelled(ErrorCode::cancelled, "the run was cancelled");
  });
  ASSERT_TRUE(child.wait_for("working"));
  child.send(SIGINT);
  const int status = child.wait();
  ASSERT_TRUE(WIFEXITED(status)) << child.output();
  EXPECT_EQ(WEXITSTATUS(status), k_interrupt_exit_status);
}

TEST(Interrupt, OtherExceptionsEndTheProcessAsBefore) {
  Child child([]() -> int {
    Work work;
    say("working ");
    work.wait_until_asked();
    throw NotFound(ErrorCode::not_found, "no such bucket");
  });
  ASSERT_TRUE(child.wait_for("working"));
  child.send(SIGINT);
  const int status = child.wait();
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGABRT);
}

TEST(Interrupt, LeavesASignalThatTheProgramTookToTheProgram) {
  Child child([] {
    signal(SIGINT, SIG_IGN);
    const Work work;
    struct sigaction current{};
    sigaction(SIGINT, nullptr, &current);
    return current.sa_handler == SIG_IGN ? 7 : 1;
  });
  EXPECT_EQ(WEXITSTATUS(child.wait()), 7);
}

TEST(Interrupt, TheLastRegistrationRestoresTheDisposition) {
  Child child([] {
    {
      const Work first;
      const Work second;
      if (sigint_is_default()) return 1;
    }
    return sigint_is_default() ? 7 : 2;
  });
  EXPECT_EQ(WEXITSTATUS(child.wait()), 7);
}

}  // namespace
}  // namespace shoal
