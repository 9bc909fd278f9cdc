#include "data/engine/worker_processes.h"

#include <gtest/gtest.h>
#include <shoal/api/session.h>
#include <shoal/data.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/testing/temp_folder.h"
#include "base/testing/thrown.h"

namespace shoal::data {
namespace {

struct ProcessRow {
  std::int64_t id = 0;
  std::int64_t process = -1;  // a default, so that the column may be missing
};

ProcessRow with_process(ProcessRow row) {
  row.process = ::getpid();
  return row;
}

RunOptions quiet_run() { return {.num_cpus = 4, .verbosity = Verbosity::quiet}; }
StepOptions in_processes(int concurrency) { return {.concurrency = concurrency, .isolation = Isolation::processes}; }

class StepsInProcesses : public ::testing::Test {
 protected:
  static SessionOptions options() {
    SessionOptions options;
    options.processes = 5;
    return options;
  }
  Session session_{options()};
};

std::set<std::int64_t> expect_all(const std::vector<ProcessRow>& rows, std::int64_t count) {
  std::set<std::int64_t> processes;
  EXPECT_EQ(static_cast<std::int64_t>(rows.size()), count);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].id, static_cast<std::int64_t>(i));
    processes.insert(rows[i].process);
  }
  return processes;
}

TEST_F(StepsInProcesses, RunElsewhereInOrder) {
  const Dataset dataset = range(1000, {.parallelism = 20}, quiet_run()).map(with_process, in_processes(3));
  const std::set<std::int64_t> processes = expect_all(dataset.take<ProcessRow>(1000), 1000);
  EXPECT_FALSE(processes.contains(::getpid()));
  EXPECT_GE(processes.size(), 1U);
  EXPECT_LE(processes.size(), 3U);
}

/// Comes back when so many processes are in here.
ProcessRow meet(ProcessRow row, const std::string& folder, std::size_t processes) {
  std::ofstream(folder + "/" + std::to_string(::getpid())) << "here";
  const auto files = [&] {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
  };
  while (files() < processes) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // nap
  return with_process(row);
}

TEST_F(StepsInProcesses, AreAsManyAsRunAtOnce) {
  const TempFolder folder;
  RunOptions run = quiet_run();
  run.num_cpus = 5;
  const Dataset dataset = range(5, {.parallelism = 5}, run).map(meet, in_processes(5), folder.path(), std::size_t{5});
  EXPECT_EQ(expect_all(dataset.take<ProcessRow>(5), 5).size(), 5U);
}

/// Rows of 40 kB each, so that a block of them is large.
Batch with_pixels(const Batch& in) {
  BatchBuilder out(in);
  auto pixels = out.add_tensor<std::int32_t>("pixels", {in.num_rows(), 10'000});
  const auto ids = in.column<std::int64_t>("id");
  for (std::int64_t row = 0; row < in.num_rows(); ++row) {
    std::fill_n(pixels.data() + row * 10'000, 10'000, static_cast<std::int32_t>(ids[row]));
  }
  return out.finish();
}

TEST_F(StepsInProcesses, BuildLargeColumnsThatArriveWhole) {
  const auto make = [](StepOptions options) {
    options.batch_size = 200;
    return range(2000, {.parallelism = 10}, quiet_run()).map_batches(with_pixels, options);
  };
  for (const Dataset& dataset :
       {make(in_processes(3)),
        make(in_processes(2)).filter(col("id") >= 0).map_batches(with_pixels, in_processes(2))}) {
    std::int64_t id = 0;
    for (const Batch& batch : dataset.iter_batches({.batch_size = 200})) {
      const auto pixels = batch.tensor<std::int32_t>("pixels");
      for (std::int64_t row = 0; row < batch.num_rows(); ++row, ++id) {
        const std::int32_t* const first = pixels.data() + row * 10'000;
        ASSERT_EQ(std::count(first, first + 10'000, static_cast<std::int32_t>(id)), 10'000) << "row " << id;
      }
    }
    EXPECT_EQ(id, 2000);
  }
}

/// Two large columns, so that one is held while the store is asked for the other.
Batch with_two_columns(const Batch& in) {
  BatchBuilder out(with_pixels(in));
  auto more = out.add_tensor<std::int32_t>("more", {in.num_rows(), 10'000});
  std::fill_n(more.data(), more.size(), 7);
  return out.finish();
}

TEST(StepsInProcessesWithLittleMemory, BuildMoreThanTheStoreHolds) {
  SessionOptions options;
  options.processes = 3;
  options.object_store_memory = std::uint64_t{64} << 20;
  const Session session(options);
  StepOptions step = in_processes(3);
  step.batch_size = 200;
  // 320 MB in blocks of 16, which the consumer keeps.
  const Dataset dataset = range(4000, {.parallelism = 20}, quiet_run()).map_batches(with_two_columns, step);
  std::vector<Batch> kept;
  for (const Batch& batch : dataset.iter_batches({.batch_size = 200})) kept.push_back(batch);
  std::int64_t id = 0;
  for (const Batch& batch : kept) {
    const auto pixels = batch.tensor<std::int32_t>("pixels");
    const auto more = batch.tensor<std::int32_t>("more");
    ASSERT_EQ(std::count(more.data(), more.data() + more.size(), 7), more.size());
    for (std::int64_t row = 0; row < batch.num_rows(); ++row, ++id) ASSERT_EQ(pixels.data()[row * 10'000], id);
  }
  EXPECT_EQ(id, 4000);
}

TEST_F(StepsInProcesses, GoOnWithStepsOfThisProcess) {
  const Dataset dataset = range(100, {.parallelism = 4}, quiet_run())
                              .map(with_process, in_processes(2))
                              .filter(col("id") >= 0)
                              .map([](ProcessRow row) { return row; });
  EXPECT_FALSE(expect_all(dataset.take<ProcessRow>(100), 100).contains(::getpid()));
}

/// A class step that counts its calls.
class CallCounter {
 public:
  explicit CallCounter(std::int64_t first) : next_(first) {}
  ProcessRow operator()(const ProcessRow& row) { return {row.id, next_++ < 0 ? -1 : ::getpid()}; }

 private:
  std::int64_t next_;
};

TEST_F(StepsInProcesses, HoldTheObjectsOfClasses) {
  const Dataset dataset = range(100, {.parallelism = 6}, quiet_run())
                              .map<CallCounter>({.pool = {2, 2}, .isolation = Isolation::processes}, 5);
  const std::set<std::int64_t> processes = expect_all(dataset.take<ProcessRow>(100), 100);
  EXPECT_FALSE(processes.contains(::getpid()));
  EXPECT_LE(processes.size(), 2U);
}

TEST_F(StepsInProcesses, PassLargeBlocks) {
  const auto widen = [](const Batch& batch) {
    BatchBuilder out(batch);
    const auto wide = out.add_tensor<std::int64_t>("wide", {batch.num_rows(), 1000});
    for (std::int64_t i = 0; i < batch.num_rows(); ++i) wide(i, 999) = i;
    return out.finish();
  };
  const Dataset dataset = range(2000, {.parallelism = 4}, quiet_run()).map_batches(widen, in_processes(2));
  std::int64_t rows = 0;
  for (const Batch& batch : dataset.iter_batches({.batch_size = 100})) {
    EXPECT_EQ(batch.tensor<std::int64_t>("wide").shape(1), 1000);
    rows += batch.num_rows();
  }
  EXPECT_EQ(rows, 2000);
}

TEST_F(StepsInProcesses, TellWhatAFunctionThrew) {
  const auto fail = [](ProcessRow row) {
    if (row.id == 7) throw std::runtime_error("seven");
    return row;
  };
  const Dataset dataset = range(10, quiet_run()).map(fail, in_processes(2));
  try {
    dataset.take(10);
    FAIL() << "nothing was thrown";
  } catch (const TaskFailed& error) {
    EXPECT_NE(std::string(error.what()).find("seven"), std::string::npos) << error.what();
  }
}

ProcessRow die_once(ProcessRow row, const std::string& marker) {
  if (row.id == 55 && !std::filesystem::exists(marker)) {
    std::ofstream(marker) << "here";
    ::kill(::getpid(), SIGKILL);
  }
  return row;
}

TEST_F(StepsInProcesses, AreTriedAgainWhereTheirProcessDied) {
  const TempFolder folder;
  const Dataset dataset = range(100, {.parallelism = 10}, quiet_run()).map(die_once, in_processes(2), folder / "died");
  expect_all(dataset.take<ProcessRow>(100), 100);
  EXPECT_TRUE(std::filesystem::exists(folder / "died"));
}

class DiesOnce {
 public:
  explicit DiesOnce(std::string marker) : marker_(std::move(marker)) {}
  ProcessRow operator()(const ProcessRow& row) { return die_once(row, marker_); }

 private:
  std::string marker_;
};

TEST_F(StepsInProcesses, MakeTheirObjectsAnewWhereTheirProcessDied) {
  const TempFolder folder;
  const Dataset dataset = range(100, {.parallelism = 10}, quiet_run())
                              .map<DiesOnce>({.pool = {2, 2}, .isolation = Isolation::processes}, folder / "died");
  expect_all(dataset.take<ProcessRow>(100), 100);
  EXPECT_TRUE(std::filesystem::exists(folder / "died"));
}

TEST_F(StepsInProcesses, LeaveTheWriteToThisProcess) {
  const TempFolder folder;
  const Dataset dataset = range(10, quiet_run()).map(with_process, in_processes(2));
  EXPECT_EQ(dataset.write_parquet(folder / "out").rows, 10);
}

TEST_F(StepsInProcesses, EndWhenTheConsumerLeaves) {
  const Dataset dataset = range(100'000, {.parallelism = 100}, quiet_run()).map(with_process, in_processes(3));
  EXPECT_EQ(dataset.take<ProcessRow>(3).size(), 3U);
}

TEST(StepsWithoutProcesses, AreUnsupported) {
  const Dataset dataset = range(10, quiet_run()).map(with_process, in_processes(2));
  EXPECT_EQ(thrown_code([&] { dataset.take(1); }), ErrorCode::unsupported);
}

}  // namespace
}  // namespace shoal::data
