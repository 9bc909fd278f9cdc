#include "shell/worker_threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <thread>

namespace shoal::shell {
namespace {

std::shared_ptr<Job> job(std::function<void()> call) { return std::make_shared<FunctionJob>(std::move(call)); }

TEST(WorkerThreads, JobsThatWaitForEachOtherAllRun) {
  WorkerThreads threads;
  constexpr int k_jobs = 8;
  std::atomic<int> arrived{0};
  std::promise<void> all_here;
  auto released = all_here.get_future().share();
  for (int i = 0; i < k_jobs; ++i) {
    threads.post(job([&, released] {
      if (++arrived == k_jobs) all_here.set_value();
      released.wait();
    }));
  }
  released.wait();
  EXPECT_EQ(arrived, k_jobs);
}

/// Makes so many threads and no more.
WorkerThreads::MakeThread at_most(int threads) {
  return [left = std::make_shared<std::atomic<int>>(threads)](std::function<void()> body) {
    if (--*left < 0) throw std::system_error(EAGAIN, std::generic_category());
    return std::thread(std::move(body));
  };
}

TEST(WorkerThreads, OneThreadRunsEverythingWhereTheSystemHasNoMore) {
  WorkerThreads threads(at_most(1));
  ASSERT_TRUE(threads.begin_use().ok());
  std::promise<void> done;
  std::atomic<int> runs{0};
  for (int i = 0; i < 20; ++i) {
    threads.post(job([&] {
      if (++runs == 20) done.set_value();
    }));
  }
  done.get_future().wait();
  EXPECT_EQ(threads.size(), 1U);
  threads.end_use();
}

TEST(WorkerThreads, TellsThatTheSystemHasNoThread) {
  WorkerThreads threads(at_most(0));
  EXPECT_EQ(threads.begin_use().code(), ErrorCode::io);
}

TEST(WorkerThreads, DestructorRunsWhatWasPosted) {
  std::atomic<int> runs{0};
  {
    WorkerThreads threads;
    for (int i = 0; i < 50; ++i) threads.post(job([&] { ++runs; }));
  }
  EXPECT_EQ(runs, 50);
}

}  // namespace
}  // namespace shoal::shell
