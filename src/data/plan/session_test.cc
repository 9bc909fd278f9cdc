// Datasets and tasks of one session.
#include <shoal/data.h>
#include <shoal/shoal.h>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace shoal::data {
namespace {

struct Numbered {
  std::int64_t id = 0;
};
constexpr std::int64_t k_numbers = 2000;

Numbered next(Numbered row) { return {row.id + 1}; }

RunOptions silent() { return {.verbosity = Verbosity::quiet}; }

std::int64_t sum(const Dataset& dataset, int prefetch = 2) {
  std::int64_t sum = 0;
  for (const Batch& batch : dataset.iter_batches({.batch_size = 50, .prefetch = prefetch})) {
    for (const std::int64_t id : batch.column<std::int64_t>("id")) sum += id;
  }
  return sum;
}

/// Its rows, all of which are made.
std::int64_t consume(const Dataset& dataset) {
  std::int64_t rows = 0;
  for (const Batch& batch : dataset.iter_batches({.batch_size = 50})) rows += batch.num_rows();
  return rows;
}

/// Of a dataset of several operators, consumed to its end.
std::int64_t sum_of_numbers(int prefetch) {
  RunOptions run = silent();
  run.fuse = false;
  return sum(range(k_numbers, {.parallelism = 8}, run).map(next).map(next), prefetch);
}
constexpr std::int64_t k_sum = k_numbers * (k_numbers - 1) / 2 + 2 * k_numbers;

/// What runs lends its CPU while it waits for batches, whoever prepares them.
TEST(DatasetInSession, IsConsumedInATaskThatHasTheOnlyCpu) {
  const Session session({.num_cpus = 1});
  EXPECT_EQ(get(submit(sum_of_numbers, 2)), k_sum);
  EXPECT_EQ(get(submit(sum_of_numbers, 0)), k_sum);
  EXPECT_EQ(sum_of_numbers(2), k_sum);
}

TEST(DatasetInSession, IsConsumedByAsManyTasksAsThereAreCpus) {
  const Session session({.num_cpus = 4});
  std::vector<Ref<std::int64_t>> sums;
  for (int i = 0; i < 8; ++i) sums.push_back(submit(sum_of_numbers, i % 3));
  for (const std::int64_t each : get(sums)) EXPECT_EQ(each, k_sum);
}

class Consumer {
 public:
  std::int64_t consume() { return sum_of_numbers(2); }
};

TEST(DatasetInSession, IsConsumedInAnActorThatHasTheOnlyCpu) {
  const Session session({.num_cpus = 1});
  auto actor = spawn<Consumer>(ActorOptions{.num_cpus = 1});
  EXPECT_EQ(get(actor.call(&Consumer::consume)), k_sum);
  EXPECT_EQ(get(actor.call(&Consumer::consume)), k_sum);
}

std::int64_t leave_early() {
  const Dataset endless = range(1'000'000, {.parallelism = 1000}, silent()).map(next);
  for (const Batch& batch : endless.iter_batches({.batch_size = 10})) return batch.num_rows();
  return 0;
}

TEST(DatasetInSession, IsLeftEarlyInATaskThatHasTheOnlyCpu) {
  const Session session({.num_cpus = 1});
  EXPECT_EQ(get(submit(leave_early)), 10);
}

/// Parts of one plan, which is run once, by whichever of the tasks comes first, while the others wait for it.
TEST(DatasetInSession, PartsAreConsumedByTasksOfOneCpu) {
  const Session session({.num_cpus = 1});
  static std::vector<Dataset> parts;
  parts = range(k_numbers, {.parallelism = 8}, silent())
              .filter([](const Numbered& row) { return row.id % 2 == 0; })
              .split(4);
  std::vector<Ref<std::int64_t>> counts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    counts.push_back(submit([](std::size_t part) { return consume(parts[part]); }, i));
  }
  for (const std::int64_t count : get(counts)) EXPECT_EQ(count, k_numbers / 8);
  parts.clear();
}

// --- One scheduler.

std::optional<std::latch> held, let_go;
std::atomic<bool> is_let_go = false;
std::atomic<int> too_early = 0;

void hold() {
  held->count_down();
  let_go->wait();
}
Numbered note_begin(Numbered row) {
  if (!is_let_go) ++too_early;
  return row;
}

TEST(DatasetInSession, WaitsForCpusThatTasksHold) {
  const Session session({.num_cpus = 2});
  held.emplace(2);
  let_go.emplace(1);
  is_let_go = false;
  too_early = 0;
  const std::vector<Ref<void>> holders{submit(hold), submit(hold)};
  held->wait();
  std::int64_t rows = 0;
  std::thread consumer([&] { rows = consume(range(k_numbers, {.parallelism = 8}, silent()).map(note_begin)); });
  get(submit({.num_cpus = 0}, [] {}));  // which goes past
  is_let_go = true;
  let_go->count_down();
  consumer.join();
  EXPECT_EQ(rows, k_numbers);
  EXPECT_EQ(too_early, 0);
  get(holders);
}

std::mutex mutex;
std::set<std::string> names;
Numbered note_name(Numbered row) {
  const std::lock_guard lock(mutex);
  names.insert(context().task_name);
  return row;
}

TEST(DatasetInSession, FunctionsAreTasksWithTheNamesOfTheirSteps) {
  const Session session({.num_cpus = 2});
  names.clear();
  RunOptions run = silent();
  run.fuse = false;
  const Dataset noting = range(k_numbers, {.parallelism = 8}, run).map(note_name, {.name = "first"});
  EXPECT_EQ(consume(noting.map(note_name, {.name = "second"})), k_numbers);
  EXPECT_EQ(names, (std::set<std::string>{"Map(first)", "Map(second)"}));
}

std::optional<std::latch> together;
Batch meet(const Batch& batch) {
  together->arrive_and_wait();
  return batch;
}

TEST(DatasetInSession, ARunMayDeclareMoreCpusThanTheSessionHas) {
  const Session session({.num_cpus = 1});
  constexpr int k_at_once = 8;
  together.emplace(k_at_once);
  RunOptions run = silent();
  run.num_cpus = k_at_once;
  EXPECT_EQ(consume(range(k_at_once, {.parallelism = k_at_once}, run).map_batches(meet)), k_at_once);
}

TEST(DatasetInSession, TakesTheCpusOfTheSessionWhereNobodySaysHowMany) {
  const Session session({.num_cpus = 6});
  constexpr int k_at_once = 6;
  together.emplace(k_at_once);
  EXPECT_EQ(consume(range(k_at_once, {.parallelism = k_at_once}, silent()).map_batches(meet)), k_at_once);
}

// --- Ends.

/// The error with which consuming ends.
std::string failure_of(const Dataset& dataset, const std::function<void()>& after_first) {
  try {
    bool is_first = true;
    for (const Batch& batch : dataset.iter_batches({.batch_size = 10})) {
      static_cast<void>(batch);
      if (std::exchange(is_first, false)) after_first();
    }
  } catch (const Cancelled& error) { return error.what(); }
  return "no error";
}

TEST(DatasetInSession, SaysThatTheSessionEnded) {
  auto session = std::make_unique<Session>(SessionOptions{.num_cpus = 2});
  const Dataset dataset = range(1'000'000, {.parallelism = 10'000}, silent()).map(next);
  const std::string text = failure_of(dataset, [&] { session.reset(); });
  EXPECT_NE(text.find("the session"), std::string::npos) << text;
  EXPECT_EQ(sum_of_numbers(2), k_sum) << "without a session there is one of its own";
}

std::atomic<bool> is_running = false;
std::string consume_until_cancelled() {
  const Dataset dataset = range(1'000'000, {.parallelism = 10'000}, silent()).map(next);
  return failure_of(dataset, [] { is_running = true; });
}
std::string outcome;
std::optional<std::latch> over;

TEST(DatasetInSession, EndsWithTheTaskThatConsumesIt) {
  const Session session({.num_cpus = 2});
  is_running = false;
  outcome.clear();
  over.emplace(1);
  const Ref<void> task = submit([] {
    outcome = consume_until_cancelled();
    over->count_down();
  });
  while (!is_running) std::this_thread::yield();
  cancel(task);
  over->wait();
  EXPECT_NE(outcome.find("cancelled"), std::string::npos) << outcome;
}

struct Model {
  Batch operator()(const Batch& batch) const { return batch; }
};

TEST(DatasetInSession, StepsWithStateShareIt) {
  const Session session({.num_cpus = 1});
  EXPECT_EQ(get(submit([] {
              return consume(range(k_numbers, {.parallelism = 8}, silent()).map_batches<Model>({.pool = {1, 2}}));
            })),
            k_numbers);
}

}  // namespace
}  // namespace shoal::data
