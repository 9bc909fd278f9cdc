#include "api/local_session.h"

#include <gtest/gtest.h>
#include <shoal/shoal.h>

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/testing/sessions.h"
#include "api/waiting.h"

namespace shoal {
namespace {

void submit_to(LocalSession& session, const LocalSession::Kind& kind, std::function<void()> function) {
  session.submit(kind, std::make_shared<shell::FunctionJob>(std::move(function)));
}

std::unique_ptr<LocalSession> open(double num_cpus, std::function<void(const Status&)> on_end = {}) {
  if (!on_end) on_end = [](const Status& why) { ADD_FAILURE() << why.text(); };
  return LocalSession::open({.num_cpus = num_cpus, .on_end = std::move(on_end)}).value_or_throw();
}

/// Tasks that hold CPUs until the test lets them go.
std::optional<std::latch> holding, let_go;
std::atomic<bool> is_let_go = false;
void hold() {
  holding->count_down();
  let_go->wait();
}
void hold_cpus(int count) {
  holding.emplace(count);
  let_go.emplace(1);
  is_let_go = false;
}
void let_them_go() {
  is_let_go = true;
  let_go->count_down();
}

class LocalSessions : public testing::SessionTest {};
SHOAL_TEST_IN_THREADS(LocalSessions);

TEST_P(LocalSessions, JobIsATaskWithItsName) {
  std::latch done(1);
  std::string first, then;
  const auto session = open(4);
  submit_to(*session, session->kind("step", 1), [&] {
    first = context().task_name;
    LocalSession::go_on_as(session->kind("other step", 1));
    then = context().task_name;
    done.count_down();
  });
  done.wait();
  EXPECT_EQ(first, "step");
  EXPECT_EQ(then, "other step");
}

TEST_P(LocalSessions, JobWaitsForACpuThatOtherTasksHold) {
  hold_cpus(4);
  std::vector<Ref<void>> holders;
  for (int i = 0; i < 4; ++i) holders.push_back(submit(hold));
  holding->wait();
  std::latch done(1);
  bool waited = false;
  const auto session = open(4);
  submit_to(*session, session->kind("step", 1), [&] {
    waited = is_let_go;
    done.count_down();
  });
  get(submit({.num_cpus = 0}, [] {}));  // which goes past
  let_them_go();
  done.wait();
  EXPECT_TRUE(waited);
  get(holders);
}

TEST_P(LocalSessions, TasksWaitForACpuThatJobsHold) {
  std::latch running(4), end(1), gone(4);
  std::atomic<bool> over = false;
  static std::atomic<bool>* is_over;
  is_over = &over;
  const auto session = open(4);
  for (int i = 0; i < 4; ++i) {
    submit_to(*session, session->kind("step", 1), [&] {
      running.count_down();
      end.wait();
      gone.count_down();
    });
  }
  running.wait();
  const Ref<bool> after = submit([] { return is_over->load(); });
  over = true;
  end.count_down();
  EXPECT_TRUE(get(after));
  gone.wait();  // none looks at the latch any more
}

TEST_P(LocalSessions, AsManyRunAtOnceAsWereAskedFor) {
  constexpr int k_jobs = 16;  // on four CPUs
  std::latch together(k_jobs), done(k_jobs);
  const auto session = open(k_jobs);
  for (int i = 0; i < k_jobs; ++i) {
    submit_to(*session, session->kind("step", 1), [&] {
      together.arrive_and_wait();
      done.count_down();
    });
  }
  done.wait();
}

TEST_P(LocalSessions, ShortJobsBeforeDoNotKeepOneWaiting) {
  const auto session = open(4);
  const auto kind = session->kind("step", 1);
  for (int i = 0; i < 50; ++i) {
    std::latch done(1);
    submit_to(*session, kind, [&] { done.count_down(); });
    done.wait();
  }
  std::latch together(3), done(3);  // what runs does not end before all run
  for (int i = 0; i < 3; ++i) {
    submit_to(*session, kind, [&] {
      together.arrive_and_wait();
      done.count_down();
    });
  }
  done.wait();
}

TEST_P(LocalSessions, DestructorTakesBackWhatHasNotBegun) {
  hold_cpus(4);
  std::vector<Ref<void>> holders;
  for (int i = 0; i < 4; ++i) holders.push_back(submit(hold));
  holding->wait();
  auto session = open(4);
  const auto counted = std::make_shared<int>(0);
  submit_to(*session, session->kind("step", 1), [counted] { ++*counted; });
  session.reset();
  EXPECT_EQ(counted.use_count(), 1) << "it is gone";
  let_them_go();
  get(holders);
  EXPECT_EQ(*counted, 0);
}

// --- What a task opened.

std::optional<std::latch> waits, ended;
std::atomic<int> ran = 0;
ErrorCode why_ended{};

/// Has a job wait behind itself, for its own CPU, until it ends.
void wait_for_own_end() {
  const auto session = open(1, [](const Status& why) {
    why_ended = why.code();
    ended->count_down();
  });
  for (int i = 0; i < 4; ++i) {
    submit_to(*session, session->kind("step", 4), [] { ++ran; });
  }
  waits->count_down();
  ended->wait();
}

TEST_P(LocalSessions, EndsWhenTheTaskThatOpenedItIsCancelled) {
  waits.emplace(1);
  ended.emplace(1);
  ran = 0;
  const Ref<void> task = submit({.num_cpus = 4}, wait_for_own_end);
  waits->wait();
  cancel(task);
  ended->wait();
  EXPECT_EQ(why_ended, ErrorCode::cancelled);
  EXPECT_EQ(ran, 0);
  EXPECT_THROW(get(task), Cancelled);
}

/// Waits for a job, which has the CPUs of this task meanwhile.
std::string wait_for_job() {
  const auto session = open(4);
  std::latch done(1);
  std::string name;
  submit_to(*session, session->kind("step", 4), [&] {
    name = context().task_name;
    done.count_down();
  });
  const Waiting waiting;
  done.wait();
  return name;
}

TEST_P(LocalSessions, WhoWaitsLendsItsCpus) { EXPECT_EQ(get(submit({.num_cpus = 4}, wait_for_job)), "step"); }

struct Waiter {
  std::string wait() { return wait_for_job(); }
};

TEST_P(LocalSessions, AnActorThatWaitsLendsItsCpus) {
  auto actor = spawn<Waiter>(ActorOptions{.num_cpus = 4});
  EXPECT_EQ(get(actor.call(&Waiter::wait)), "step");
}

// --- Of whole sessions.

TEST(LocalSession, EndsWithItsSession) {
  std::latch told(1), running(1);
  ErrorCode why{};
  auto program = std::make_unique<Session>(SessionOptions{.num_cpus = 1});
  const auto session = open(1, [&](const Status& status) {
    why = status.code();
    told.count_down();
  });
  std::atomic<int> times = 0;
  const auto kind = session->kind("step", 1);
  submit_to(*session, kind, [&] {
    ++times;
    running.count_down();
    told.wait();  // the session waits for what runs, which is told
  });
  running.wait();
  submit_to(*session, kind, [&] { ++times; });
  program.reset();
  submit_to(*session, kind, [&] { ++times; });
  told.wait();
  EXPECT_EQ(why, ErrorCode::cancelled);
  EXPECT_EQ(times, 1);
}

TEST(LocalSession, HasASessionOfItsOwnWhereThereIsNone) {
  ASSERT_FALSE(has_session());
  const auto session = open(3);
  std::latch together(3), done(3);
  for (int i = 0; i < 3; ++i) {
    submit_to(*session, session->kind("step", 1), [&] {
      together.arrive_and_wait();
      done.count_down();
    });
  }
  done.wait();
  EXPECT_FALSE(has_session());
}

TEST(LocalSession, RunsOnAThreadOfNoTask) {
  const auto session = open(1);
  std::latch done(1);
  bool is_a_task = true;
  session->post(std::make_shared<shell::FunctionJob>([&] {
    try {
      context();
    } catch (const InvalidArgument&) { is_a_task = false; }
    done.count_down();
  }));
  done.wait();
  EXPECT_FALSE(is_a_task);
}

}  // namespace
}  // namespace shoal
