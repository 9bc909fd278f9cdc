#include "shell/worker_page.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

namespace shoal::shell {
namespace {

TEST(WorkerPage, OneProcessReadsWhatAnotherWrote) {
  const Fd memory = WorkerPage::make().value_or_throw();
  const WorkerPage page = WorkerPage::map(memory.get()).value_or_throw();
  EXPECT_EQ(page.read(), RunsNow());
  const pid_t child = ::fork();
  if (child == 0) {
    WorkerPage own = WorkerPage::map(memory.get()).value_or_throw();
    own.write({.task = "resize", .is_retriable = true, .since = 7});
    ::raise(SIGKILL);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(page.read(), (RunsNow{.task = "resize", .is_retriable = true, .since = 7}));
}

TEST(WorkerPage, ALongNameIsCut) {
  const Fd memory = WorkerPage::make().value_or_throw();
  WorkerPage page = WorkerPage::map(memory.get()).value_or_throw();
  page.write({.task = std::string(500, 'x')});
  EXPECT_EQ(page.read().task, std::string(127, 'x'));
  page.write({});
  EXPECT_EQ(page.read(), RunsNow());
}

TEST(WorkerPage, WhatIsReadWasWritten) {
  const Fd memory = WorkerPage::make().value_or_throw();
  WorkerPage written = WorkerPage::map(memory.get()).value_or_throw();
  const WorkerPage page = WorkerPage::map(memory.get()).value_or_throw();
  std::atomic<bool> over{false};
  std::thread writer([&] {
    for (Time i = 1; i <= 100'000; ++i) written.write({.task = std::to_string(i), .since = i});
    over = true;
  });
  while (!over) {
    const RunsNow now = page.read();
    if (!now.task.empty()) { EXPECT_EQ(now.task, std::to_string(now.since)); }
  }
  writer.join();
}

}  // namespace
}  // namespace shoal::shell
