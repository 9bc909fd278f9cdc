#include "shell/program.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shoal::shell {
namespace {

/// A child that does no more than end as it is told.
template <class F>
Child child_that(F&& ends) {
  Child child;
  child.pid = ::fork();
  if (child.pid == 0) {
    ends();
    ::_exit(0);
  }
  child.process.reset(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
  return child;
}

TEST(Program, SaysHowAProcessEnded) {
  EXPECT_EQ(wait_for_end(child_that([] { ::_exit(3); })), "it ended with status 3");
  int signal = 0;
  EXPECT_EQ(wait_for_end(child_that([] { ::raise(SIGKILL); }), &signal), "it was ended by signal 9 (Killed)");
  EXPECT_EQ(signal, SIGKILL);
}

TEST(Program, OnlyAWorkerHasAChannel) { EXPECT_FALSE(take_worker_ends().channel.is_open()); }

}  // namespace
}  // namespace shoal::shell
