#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <shoal/shoal.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/testing/shared.h"
#include "base/posix.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SHOAL_ADDRESS_SANITIZER
#endif
#endif

namespace shoal {
namespace {

using std::string_literals::operator""s;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::renew_shared;
using testing::shared;

#ifdef SHOAL_ADDRESS_SANITIZER
constexpr bool k_signals_are_reported = false;  // the sanitizer ends the process itself, with a report
#else
constexpr bool k_signals_are_reported = true;
#endif

class WorkerEndTest : public ::testing::Test {
 protected:
  WorkerEndTest() {
    renew_shared();
    session_.emplace(SessionOptions{.processes = 2});
  }

  std::optional<Session> session_;
};

/// What is thrown for a task that ends its process by `end`, and says so before.
template <class F>
std::string text_of(F end) {
  try {
    get(submit({.max_retries = 0, .name = "dies"}, [end] {
      std::fputs("now it ends\n", stderr);
      end();
    }));
  } catch (const WorkerDied& error) { return error.what(); }
  return "nothing was thrown";
}

volatile int sink = 0;
int dig(int depth) {
  volatile char room[4'096] = {};
  sink = sink + room[depth % 4'096];
  return depth < 0 ? 0 : dig(depth + 1) + room[0];
}

void run_dry(int depth) {
  if (depth > 0) throw std::runtime_error("out of ink");
}
constexpr auto breaks_a_promise = []() noexcept { run_dry(1); };

TEST_F(WorkerEndTest, EveryEndIsNamed) {
  const std::string signal = k_signals_are_reported ? "signal 11 (Segmentation fault) while it ran dies" : "";
  const std::string texts[] = {
      text_of([] { std::abort(); }),     text_of([] { *static_cast<volatile int*>(nullptr) = 1; }),
      text_of([] { sink = dig(0); }),    text_of([] { std::exit(3); }),
      text_of([] { ::_exit(4); }),       text_of([] { std::terminate(); }),
      text_of([] { ::raise(SIGKILL); }), text_of(breaks_a_promise),
  };
  const std::string ends[] = {
      "signal 6 (Aborted) while it ran dies",
      signal,
      signal,
      "it ended with status 3 while it ran dies",
      "it ended with status 4 while it ran dies",
      "signal 6 (Aborted)",
      "signal 9 (Killed)",
      "signal 6 (Aborted)",
  };
  for (std::size_t i = 0; i < std::size(texts); ++i) {
    EXPECT_THAT(texts[i], HasSubstr("task dies ("));
    EXPECT_THAT(texts[i], HasSubstr(ends[i]));
    EXPECT_THAT(texts[i], HasSubstr("\n  | "));
    if (k_signals_are_reported) { EXPECT_THAT(texts[i], HasSubstr("now it ends")); }
    EXPECT_THAT(texts[i], Not(HasSubstr("poison"))) << "once is no habit";
  }
}

TEST_F(WorkerEndTest, WhatAnExceptionSaidIsAmongTheLastWords) {
  EXPECT_THAT(text_of(breaks_a_promise), HasSubstr("out of ink"));
}

TEST_F(WorkerEndTest, ATaskThatEndsThreeWorkersIsPoison) {
  try {
    get(submit({.max_retries = 2, .name = "poison"}, [] { std::abort(); }));
    FAIL() << "nothing was thrown";
  } catch (const WorkerDied& error) {
    EXPECT_THAT(error.what(), HasSubstr("it is poison: in a row it lost 3 workers"));
  }
}

struct Fragile {
  void breaks() {
    std::fputs("it breaks\n", stderr);
    ::raise(SIGKILL);
  }
};

TEST_F(WorkerEndTest, AnActorsEndIsNamedToo) {
  const auto fragile = spawn<Fragile>();
  try {
    get(fragile.call(&Fragile::breaks));
    FAIL() << "nothing was thrown";
  } catch (const ActorDied& error) {
    EXPECT_THAT(error.what(), HasSubstr("signal 9 (Killed)"));
    EXPECT_THAT(error.what(), HasSubstr("| it breaks"));
  }
}

constexpr std::size_t k_limit = std::size_t{128} << 20;

/// Takes a little more than the limit, and waits to be ended: no control group does it.
void gobble() {
  ++shared().count;
  const std::vector<char> taken(k_limit + k_limit / 16, 'x');
  sink = taken[static_cast<std::size_t>(shared().count)];
  shared().gate.acquire();
}

TEST_F(WorkerEndTest, ATaskAboveItsMemoryIsEndedByName) {
  const Ref<pid_t> neighbour = submit([] {
    shared().begun.acquire();
    return ::getpid();
  });
  try {
    get(submit({.memory = k_limit, .name = "gobble"}, gobble));
    FAIL() << "nothing was thrown";
  } catch (const OutOfMemory& error) {
    EXPECT_EQ(error.code(), ErrorCode::out_of_memory);
    EXPECT_THAT(error.what(), HasSubstr("task gobble"));
    EXPECT_THAT(error.what(), HasSubstr("of its memory limit of 128 MiB"));
  }
  EXPECT_EQ(shared().count, 1) << "it would do so again";
  shared().begun.release();
  EXPECT_NE(get(neighbour), ::getpid()) << "the neighbour does not notice";
}

TEST_F(WorkerEndTest, OutOfMemoryIsTriedAgainWhereItIsAskedFor) {
  const TaskOptions options{.memory = k_limit, .max_retries = 1, .retry_on = retry_on<OutOfMemory>()};
  EXPECT_THROW(get(submit(options, gobble)), OutOfMemory);
  EXPECT_EQ(shared().count, 2);
}

TEST_F(WorkerEndTest, ATaskBelowItsMemoryIsLeftAlone) {
  const auto fill = [] { return std::vector<char>(1 << 20, 'x').size(); };
  EXPECT_EQ(get(submit({.memory = 2 * k_limit}, fill)), std::size_t{1} << 20);
}

TEST_F(WorkerEndTest, WhereTheMachineIsShortOfMemoryTheYoungestIsTriedAgain) {
  session_.reset();
  session_.emplace(SessionOptions{.processes = 1, .memory_reserve = 1});  // it is always short then
  const Ref<int> attempts = submit({.name = "large"}, [] {
    const std::vector<char> large(k_limit / 2, 'x');
    if (++shared().count == 1) shared().gate.acquire();
    return shared().count + (large[k_limit / 4] == 'x' ? 0 : 10);
  });
  EXPECT_GE(get(attempts), 2);
}

TEST_F(WorkerEndTest, TheSystemEndsWorkersFirst) {
  std::ifstream own("/proc/self/oom_score_adj");
  int score = 0;
  own >> score;
  const int theirs = get(submit([] {
    std::ifstream file("/proc/self/oom_score_adj");
    int read = 0;
    file >> read;
    return read;
  }));
  EXPECT_GT(theirs, score);
}

TEST_F(WorkerEndTest, AWorkerThatStoodStillGoesOn) {
  const Ref<pid_t> still = submit([] {
    shared().count = ::getpid();
    shared().begun.release();
    shared().gate.acquire();
    return ::getpid();
  });
  shared().begun.acquire();
  const pid_t pid = shared().count;
  ASSERT_EQ(::kill(pid, SIGSTOP), 0);
  // Without retries none is sent behind another.
  for (int i = 0; i < 100; ++i) EXPECT_NE(get(submit({.max_retries = 0}, ::getpid)), pid);
  shared().gate.release();
  ASSERT_EQ(::kill(pid, SIGCONT), 0);
  EXPECT_EQ(get(still), pid);
}

TEST(SessionEnd, MayComeWhileWorkersStart) {
  for (int round = 0; round < 40; ++round) {
    const Session session(SessionOptions{.processes = 4});
    std::vector<Ref<pid_t>> dropped;
    for (int i = 0; i < 4; ++i) dropped.push_back(submit({.max_retries = 0}, ::getpid));
    static_cast<void>(wait(dropped, {.timeout = std::chrono::microseconds(round * 100)}));
  }
}

/// Ready when the process has ended, even if it is nobody's child here.
Fd watch(pid_t pid) { return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

bool ends_within(const Fd& process, int ms) {
  pollfd ended{.fd = process.get(), .events = POLLIN, .revents = 0};
  return ::poll(&ended, 1, ms) == 1;
}

/// Run by the test below in a process of its own: says which workers it has, and waits.
TEST(WorkerEnd, DISABLED_ADriverThatWaits) {
  const Session session(SessionOptions{.processes = 2});
  std::vector<Ref<void>> waiting;
  for (int i = 0; i < 2; ++i) {
    waiting.push_back(submit([] {
      std::printf("worker %d\n", ::getpid());
      ::pause();
    }));
  }
  get(waiting);
}

/// That test as a process; its workers' numbers.
struct Driver {
  Driver() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    output.reset(ends[0]);
    const Fd writes(ends[1]);
    // It runs that test whatever part of all tests this process was told to run.
    std::vector<char*> environment;
    for (char** each = environ; *each != nullptr; ++each) {
      if (!std::string_view(*each).starts_with("GTEST_")) environment.push_back(*each);
    }
    environment.push_back(nullptr);
    pid = ::fork();
    if (pid == 0) {
      ::dup2(writes.get(), STDOUT_FILENO);
      ::execle("/proc/self/exe", "driver", "--gtest_also_run_disabled_tests",
               "--gtest_filter=WorkerEnd.DISABLED_ADriverThatWaits", static_cast<char*>(nullptr), environment.data());
      ::_exit(127);
    }
  }

  std::vector<pid_t> wait_for_workers() const {
    std::string text;
    std::vector<pid_t> workers;
    std::array<char, 4'096> buffer;
    while (workers.size() < 2) {
      const ssize_t got = ::read(output.get(), buffer.data(), buffer.size());
      if (got <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(got));
      workers.clear();
      for (std::size_t at = text.find(") worker "); at != std::string::npos; at = text.find(") worker ", at + 1)) {
        if (text.find('\n', at) != std::string::npos) workers.push_back(std::atoi(text.c_str() + at + 9));
      }
    }
    return workers;
  }

  pid_t pid = -1;
  Fd output;
};

class DriverEndTest : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Signals, DriverEndTest, ::testing::Values(SIGKILL, SIGTERM, SIGSEGV));

TEST_P(DriverEndTest, LeavesNoWorker) {
  const Driver driver;
  const std::vector<pid_t> workers = driver.wait_for_workers();
  ASSERT_EQ(workers.size(), 2U);
  std::vector<Fd> watched;
  for (const pid_t worker : workers) {
    watched.push_back(watch(worker));
    ASSERT_TRUE(watched.back().is_open());
  }
  ASSERT_EQ(::kill(driver.pid, GetParam()), 0);
  ASSERT_EQ(::waitpid(driver.pid, nullptr, 0), driver.pid);
  for (const Fd& worker : watched) EXPECT_TRUE(ends_within(worker, 2'000));
}

}  // namespace
}  // namespace shoal
