#include <shoal/data.h>

#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/testing/temp_folder.h"
#include "base/testing/thrown.h"
#include "data/plan/testing/plans.h"

namespace sd = shoal::data;

namespace shoal::data {
namespace {

using Ids = std::vector<std::int64_t>;

struct Id {
  std::int64_t id = 0;
};
struct Square {
  std::int64_t id = 0;
  std::int64_t square = 0;
};

Square square(Id row) { return {row.id, row.id * row.id}; }
bool is_even(const Id& row) { return row.id % 2 == 0; }
std::vector<Id> twice(const Id& row) { return {row, row}; }
Batch same(const Batch& batch) { return batch; }

/// How often functions of a test were called, in whatever process: the file has a byte for each call.
class Calls {
 public:
  const std::string& file() const { return file_; }
  std::int64_t count() const { return static_cast<std::int64_t>(std::filesystem::file_size(file_)); }

 private:
  const TempFolder folder_;
  const std::string file_ = folder_.write("calls", "");
};
Id count_call(Id row, const std::string& file) {
  std::ofstream(file, std::ios::app) << '.';
  return row;
}

Ids iota(std::int64_t n, std::int64_t first = 0) {
  Ids ids(static_cast<std::size_t>(n));
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

Ids ids(const Dataset& dataset) {
  Ids out;
  for (const Id& row : dataset.iter_rows<Id>()) out.push_back(row.id);
  return out;
}

RunOptions quiet() { return {.num_cpus = 4, .verbosity = Verbosity::quiet}; }

TEST(Dataset, GivesRowsInOrderWhateverTheBlocksAndThreads) {
  for (const int parallelism : {1, 7, 100}) {
    for (const int cpus : {1, 4}) {
      const auto squares = sd::range(1000, {.parallelism = parallelism},
                                     {.num_cpus = cpus, .verbosity = Verbosity::quiet})
                               .map(square)
                               .filter(is_even);
      Ids expected;
      for (std::int64_t i = 0; i < 1000; i += 2) expected.push_back(i * i);
      Ids got;
      for (const Square& row : squares.iter_rows<Square>()) got.push_back(row.square);
      EXPECT_EQ(got, expected);
    }
  }
}

TEST(Dataset, StepsOfAllKindsWork) {
  const auto base = sd::range(10, {.parallelism = 3}, quiet());
  EXPECT_EQ(ids(base.flat_map(twice).limit(5)), (Ids{0, 0, 1, 1, 2}));
  EXPECT_EQ(ids(base.filter(sd::col("id") >= 7)), (Ids{7, 8, 9}));
  EXPECT_EQ(ids(base.map_batches(same, {.batch_size = 2})), iota(10));
  EXPECT_EQ(base.add_column("next", [](const Id& row) { return row.id + 1; }).take(1)[0]["next"].as<std::int64_t>(), 1);
  EXPECT_EQ(base.add_column("next", sd::col("id") + 1).columns(), (std::vector<std::string>{"id", "next"}));
  EXPECT_EQ(base.map(square).drop({"id"}).columns(), std::vector<std::string>{"square"});
  EXPECT_EQ(base.map(square).select({"square"}).columns(), std::vector<std::string>{"square"});
  EXPECT_EQ(base.rename({{"id", "number"}}).columns(), std::vector<std::string>{"number"});
  EXPECT_EQ(base.map([](sd::Row row) {
                  row["twice"] = row["id"].as<std::int64_t>() * 2;
                  return row;
                })
                .take(4)[3]["twice"]
                .as<std::int64_t>(),
            6);
}

struct AddBound {
  AddBound(std::int64_t n, const std::string& calls) : bound(n) { count_call({}, calls); }
  Id operator()(Id row) const { return {row.id + bound}; }
  std::int64_t bound;
};

TEST(Dataset, ClassStepsAreMadeOncePerWorker) {
  const Calls calls;
  EXPECT_EQ(ids(sd::range(100, {.parallelism = 50}, quiet()).map<AddBound>({.pool = {2, 2}}, 1000, calls.file())),
            iota(100, 1000));
  EXPECT_LE(calls.count(), 2);
  EXPECT_GE(calls.count(), 1);
}

TEST(Dataset, BoundArgumentsReachTheFunction) {
  const auto add = [](const Id& row, std::int64_t n) { return Id{row.id + n}; };
  EXPECT_EQ(ids(sd::range(3, quiet()).map(add, {.concurrency = 2}, 5)), iota(3, 5));
  EXPECT_EQ(ids(sd::range(3, quiet()).map(add, 5)), iota(3, 5));
}

TEST(Dataset, TakeShowAndCount) {
  const auto squares = sd::range(1000, quiet()).map(square);
  EXPECT_EQ(squares.take<Square>(3)[2].square, 4);
  EXPECT_EQ(squares.take(2000).size(), 1000U);
  EXPECT_TRUE(squares.take(0).empty());
  EXPECT_EQ(squares.take_batch(10).num_rows(), 10);
  EXPECT_EQ(squares.take_batch(0).num_rows(), 0);
  std::ostringstream out;
  squares.show(2, out);
  const std::string shown = out.str();
  EXPECT_EQ(std::count(shown.begin(), shown.end(), '\n'), 2);
  EXPECT_EQ(squares.filter(is_even).count(), 500);
  EXPECT_EQ(thrown_code([&] { static_cast<void>(squares.limit(-1)); }), ErrorCode::invalid_argument);
}

TEST(Dataset, CountsFromMetadataAndRunsNoStepThatCannotChangeIt) {
  const Calls calls;
  const auto counted = sd::range(1000, quiet()).map(count_call, calls.file());
  EXPECT_EQ(counted.count(), 1000);
  EXPECT_EQ(counted.limit(20).count(), 20);
  EXPECT_EQ(sd::range(1000, quiet()).filter(is_even).map(count_call, calls.file()).count(), 500);
  EXPECT_EQ(calls.count(), 0);
}

TEST(Dataset, ALimitCallsFunctionsForNoMoreRows) {
  const Calls calls;
  EXPECT_EQ(ids(sd::range(100'000, quiet()).map(count_call, calls.file()).limit(10)), iota(10));
  EXPECT_EQ(calls.count(), 10);
}

TEST(Dataset, KnowsItsColumnsOrRunsForOneRow) {
  EXPECT_EQ(sd::range(3, quiet()).schema().fields(), (std::vector<Field>{{"id", "int64"}}));
  EXPECT_EQ(sd::range(3, quiet()).map(square).columns(), (std::vector<std::string>{"id", "square"}));
  EXPECT_TRUE(sd::range(0, quiet()).map(square).columns().empty());
  EXPECT_EQ(sd::range_tensor(3, {.shape = {2, 3}}, quiet()).schema().find("data")->type, "tensor<int64>[2, 3]");
}

TEST(Dataset, PrintsWhatIsKnownAndRunsNothing) {
  const Calls calls;
  std::ostringstream out;
  out << sd::range(100, {.parallelism = 5}, quiet()).map(count_call, calls.file());
  EXPECT_EQ(out.str(), "Dataset(rows = 100, blocks = 5, schema = unknown)");
  EXPECT_EQ(calls.count(), 0);
}

TEST(Dataset, ExplainsAndTellsWhatItDid) {
  const auto squares = sd::range(100, quiet()).map(square);
  EXPECT_NE(squares.explain().find("+Map("), std::string::npos) << squares.explain();
  const auto copy = squares;
  EXPECT_EQ(squares.stats(), "This dataset has not run yet.\n");
  copy.take(1000);
  EXPECT_NE(squares.stats().find("Map"), std::string::npos) << squares.stats();
}

TEST(Dataset, FromItemsAndArrow) {
  EXPECT_EQ(ids(sd::from_items(std::vector<Id>{{3}, {1}}, quiet())), (Ids{3, 1}));
  EXPECT_EQ(sd::from_items({1.5, 2.5}, {}, quiet()).take(2)[1]["item"].as<double>(), 2.5);
  EXPECT_EQ(ids(sd::from_items(sd::range(5, quiet()).take(2), quiet())), iota(2));  // dynamic rows
  const auto table = *arrow::Table::FromRecordBatches({id_rows({1, 2}), id_rows({3})});
  EXPECT_EQ(ids(sd::from_arrow(table, quiet())), (Ids{1, 2, 3}));
}

TEST(Dataset, BatchesAreExact) {
  for (const int prefetch : {0, 1, 3}) {
    std::vector<std::int64_t> sizes;
    Ids got;
    for (const Batch& batch :
         sd::range(1000, {.parallelism = 7}, quiet()).iter_batches({.batch_size = 300, .prefetch = prefetch})) {
      sizes.push_back(batch.num_rows());
      for (const std::int64_t id : batch.column<std::int64_t>("id")) got.push_back(id);
    }
    EXPECT_EQ(sizes, (std::vector<std::int64_t>{300, 300, 300, 100}));
    EXPECT_EQ(got, iota(1000));
  }
  std::int64_t rows = 0;
  for (const Batch& batch : sd::range(1000, quiet()).iter_batches({.batch_size = 300, .drop_last = true})) {
    rows += batch.num_rows();
  }
  EXPECT_EQ(rows, 900);
}

TEST(Dataset, ShufflesWithASeed) {
  const auto order = [](std::uint64_t seed, int parallelism) {
    Ids got;
    for (const Batch& batch : sd::range(500, {.parallelism = parallelism}, quiet())
                                  .iter_batches({.batch_size = 100, .shuffle_buffer = 200, .seed = seed})) {
      for (const std::int64_t id : batch.column<std::int64_t>("id")) got.push_back(id);
    }
    return got;
  };
  const Ids first = order(1, 5);
  EXPECT_EQ(order(1, 2), first);
  EXPECT_NE(order(2, 5), first);
  EXPECT_NE(first, iota(500));
  Ids sorted = first;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, iota(500));
}

TEST(Dataset, CastsOnDemand) {
  for (const Batch& batch : sd::range(10, quiet()).iter_batches({.dtype = "float32"})) {
    EXPECT_EQ(batch.column<float>("id")[9], 9.0F);
  }
}

TEST(Dataset, WrongOptionsAreNamedBeforeAnythingRuns) {
  const Calls calls;
  const auto base = sd::range(10, quiet()).map(count_call, calls.file());
  const auto consume = [](const Dataset& dataset) { return [dataset] { dataset.take(1); }; };
  EXPECT_EQ(thrown_code(consume(base.map_batches(same, {.batch_size = 0}))), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_code(consume(base.map_batches(same, {.num_gpus = 1}))), ErrorCode::infeasible);
  EXPECT_EQ(thrown_code(consume(base.materialize().map_batches(same, {.batch_size = 0}))), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_code([&] { base.iter_batches({.batch_size = 0}).begin(); }), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_code([&] { base.iter_batches({.dtype = "text"}).begin(); }), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_code([&] { base.with({.memory_budget = 1}).take(1); }), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_code([&] { base.split(0); }), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_code([&] { base.train_test_split(1.5); }), ErrorCode::invalid_argument);
  EXPECT_EQ(calls.count(), 0);
}

TEST(Dataset, WhatAFunctionThrowsComesOutInTheLoop) {
  const auto failing = sd::range(1000, {.parallelism = 10}, quiet()).map([](Id row) {
    if (row.id == 555) throw std::out_of_range("555");
    return row;
  });
  try {
    for (const Batch& batch : failing.iter_batches({.batch_size = 10}))
      EXPECT_LT(batch.column<std::int64_t>("id")[0], 555);
    FAIL() << "nothing was thrown";
  } catch (const TaskFailed& error) { EXPECT_THROW(std::rethrow_exception(error.cause()), std::out_of_range); }
}

TEST(Dataset, AMissingColumnIsNamed) {
  struct Other {
    std::int64_t other;
  };
  EXPECT_EQ(thrown_code([] { sd::range(3, quiet()).map([](Other row) { return row; }).take(1); }),
            ErrorCode::schema_mismatch);
  EXPECT_EQ(thrown_code([] { sd::range(3, quiet()).select({"nope"}).take(1); }), ErrorCode::not_found);
}

TEST(Dataset, LeavingTheLoopEndsTheRun) {
  const Calls calls;
  for (const Batch& batch : sd::range(1'000'000, {.parallelism = 1000}, quiet())
                                .filter(is_even)
                                .map(count_call, calls.file())
                                .iter_batches({.batch_size = 10})) {
    EXPECT_EQ(batch.num_rows(), 10);
    break;
  }
  const std::int64_t after = calls.count();
  EXPECT_LT(after, 500'000);
  std::this_thread::yield();
  EXPECT_EQ(calls.count(), after);  // the loop's end waited for all that ran
}

TEST(Dataset, EachLoopOverAKeptRangeIsAnEpoch) {
  auto batches = sd::range(1000, quiet()).iter_batches({.batch_size = 100, .shuffle_buffer = 300});
  auto rows = sd::range(1000, quiet()).iter_rows<Id>();
  std::vector<std::int64_t> first_ids;
  for (int epoch = 0; epoch < 3; ++epoch) {
    first_ids.push_back(batches.begin()->column<std::int64_t>("id")[0]);  // a run that is left at its first batch
    std::int64_t batch_rows = 0, sum = 0;
    for (const Batch& batch : batches) batch_rows += batch.num_rows();
    for (const Id& row : rows) sum += row.id;
    EXPECT_EQ(batch_rows, 1000);
    EXPECT_EQ(sum, 999 * 500);
  }
  EXPECT_EQ(first_ids, std::vector<std::int64_t>(3, first_ids[0]));
}

Id refuse_first_call(Id row, const std::string& file) {
  const bool is_first = std::filesystem::file_size(file) == 0;
  count_call(row, file);
  if (is_first) throw std::runtime_error("not yet");
  return row;
}

TEST(Dataset, ALoopAfterAnErrorStartsAnew) {
  const Calls calls;
  auto batches =
      sd::range(10, {.parallelism = 1}, quiet()).map(refuse_first_call, calls.file()).iter_batches({.batch_size = 10});
  EXPECT_EQ(thrown_code([&] { batches.begin(); }), ErrorCode::user_function);
  EXPECT_EQ(batches.begin()->num_rows(), 10);
}

TEST(Dataset, ARangeBelongsToTheThreadThatIteratesIt) {
  auto batches = sd::range(1000, quiet()).iter_batches({.batch_size = 100});
  auto batch = batches.begin();
  ErrorCode second = ErrorCode::ok;
  std::thread([&] { second = thrown_code([&] { batches.begin(); }); }).join();
  EXPECT_EQ(second, ErrorCode::invalid_argument);
  std::int64_t rows = 0;
  for (; batch != batches.end(); ++batch) rows += batch->num_rows();
  EXPECT_EQ(rows, 1000);
}

TEST(Dataset, HeldBatchesStayValidAndNeverHangARun) {
  std::vector<Batch> held;
  const RunOptions small{.num_cpus = 2, .memory_budget = 1_MiB, .verbosity = Verbosity::quiet};
  for (const Batch& batch :
       sd::range_tensor(2000, {.shape = {128}, .parallelism = 20}, small).iter_batches({.batch_size = 100})) {
    held.push_back(batch);
  }
  ASSERT_EQ(held.size(), 20U);
  EXPECT_EQ((held[19].tensor<std::int64_t>("data")(99, 127)), 1999);
}

TEST(Dataset, MaterializeRunsOnceForAllCopies) {
  const Calls calls;
  const auto kept = sd::range(100, {.parallelism = 4}, quiet()).map(count_call, calls.file()).materialize();
  EXPECT_EQ(calls.count(), 0);
  const auto copy = kept;
  std::thread other([&] { EXPECT_EQ(ids(copy), iota(100)); });
  EXPECT_EQ(ids(kept), iota(100));
  other.join();
  EXPECT_EQ(ids(kept.filter(is_even)).size(), 50U);
  EXPECT_EQ(ids(kept.limit(30)), iota(30));
  EXPECT_EQ(kept.count(), 100);
  EXPECT_EQ(calls.count(), 100);
}

TEST(Dataset, MaterializeSpillsAndLeavesNothing) {
  const auto folder = std::filesystem::temp_directory_path() / "shoal-dataset-spill";
  std::filesystem::create_directories(folder);
  const RunOptions run{.num_cpus = 2, .memory_budget = 4_MiB, .verbosity = Verbosity::quiet, .spill_dir = folder};
  const auto kept = sd::range_tensor(4000, {.shape = {512}, .parallelism = 40}, run).materialize();  // 16 MiB
  for (int epoch = 0; epoch < 2; ++epoch) {
    std::int64_t row = 0;
    for (const Batch& batch : kept.iter_batches({.batch_size = 300})) {
      const auto data = batch.tensor<std::int64_t>("data");
      for (std::int64_t i = 0; i < batch.num_rows(); ++i) ASSERT_EQ(data(i, 511), row++);
    }
    EXPECT_EQ(row, 4000);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
  EXPECT_EQ(thrown_code([&] { kept.with({.spill_dir = "/nowhere"}).take(1); }), ErrorCode::ok);  // it is kept already
  EXPECT_EQ(thrown_code([&] {
              sd::range_tensor(4000, {.shape = {512}}, run).materialize().with({.spill_dir = "/nowhere"}).take(1);
            }),
            ErrorCode::not_found);
}

TEST(Dataset, AFailedMaterializeIsTriedAgain) {
  const Calls calls;
  const auto fail_once = [](Id row, const std::string& file) {
    return row.id == 0 ? refuse_first_call(row, file) : row;
  };
  const auto kept = sd::range(10, quiet()).map(fail_once, calls.file()).materialize();
  EXPECT_EQ(thrown_code([&] { kept.take(1); }), ErrorCode::user_function);
  EXPECT_EQ(ids(kept), iota(10));
}

TEST(Dataset, SplitsInOrderAndLazily) {
  const Calls calls;
  const auto parts = sd::range(10, quiet()).map(count_call, calls.file()).split(3);
  EXPECT_EQ(calls.count(), 0);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(ids(parts[2]), iota(3, 7));
  EXPECT_EQ(calls.count(), 3);  // known rows: only this part's rows are made
  EXPECT_EQ(ids(parts[0]), iota(4));
  EXPECT_EQ(ids(parts[1]), iota(3, 4));
  EXPECT_EQ(parts[0].count(), 4);
}

TEST(Dataset, SplitsOfUnknownSizeRunTheirOriginOnce) {
  const Calls calls;
  const auto even = sd::range(100, quiet()).map(count_call, calls.file()).filter(is_even);
  const auto [train, test] = even.train_test_split(0.2);
  EXPECT_EQ(calls.count(), 0);
  EXPECT_EQ(ids(test).front(), 80);
  EXPECT_EQ(ids(train).size(), 40U);
  EXPECT_EQ(train.map(square).count(), 40);
  EXPECT_EQ(calls.count(), 100);
  const auto [most, last] = sd::range(10, quiet()).train_test_split(3);
  EXPECT_EQ(ids(most), iota(7));
  EXPECT_EQ(ids(last), iota(3, 7));
}

TEST(Dataset, TheSameProgramWithoutFusion) {
  const auto chain = sd::range(1000, {.parallelism = 9}, quiet()).map(square).filter(is_even).map_batches(same);
  EXPECT_EQ(ids(chain.with({.fuse = false})), ids(chain));
}

Batch nap(const Batch& batch) { return batch; }
struct Nap {
  Batch operator()(const Batch& batch) const { return nap(batch); }
};

TEST(Dataset, ThePipelineOfFourOperators) {
  const auto naps = sd::range_tensor(250, {.shape = {80, 80, 3}, .parallelism = 10},
                                     {.num_cpus = 16, .verbosity = Verbosity::quiet})
                        .map_batches(nap, {.num_cpus = 2})
                        .map_batches<Nap>({.pool = {2, 4}})
                        .map_batches(nap, {.num_cpus = 1});
  std::int64_t rows = 0;
  for (const Batch& batch : naps.iter_batches()) rows += batch.num_rows();
  EXPECT_EQ(rows, 250);
  EXPECT_NE(naps.explain().find(" -> MapBatches(nap) -> MapBatches(Nap) -> MapBatches(nap)"), std::string::npos)
      << naps.explain();
}

}  // namespace
}  // namespace shoal::data
