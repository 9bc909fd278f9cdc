#include <shoal/data.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <numeric>

#include "base/testing/thrown.h"

namespace sd = shoal::data;
namespace fs = std::filesystem;

namespace shoal::data {
namespace {

struct Trip {
  std::int64_t id = 0;
  double distance = 0;
  std::string vendor;
};
struct TripId {
  std::int64_t id = 0;
};

/// Datasets over real files in a folder of their own.
class DatasetFiles : public ::testing::Test {
 protected:
  DatasetFiles() : folder_(fs::temp_directory_path() / ("shoal-dataset-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~DatasetFiles() override { fs::remove_all(folder_); }

  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }

  const fs::path folder_;
  const RunOptions quiet_{.num_cpus = 4, .verbosity = Verbosity::quiet};
};

Dataset trips(std::int64_t n, const RunOptions& run) {
  return sd::range(n, {.parallelism = 4}, run).map([](TripId row) {
    return Trip{row.id, static_cast<double>(row.id) / 10, row.id % 2 == 0 ? "even" : "odd"};
  });
}

TEST_F(DatasetFiles, ParquetComesBackAsItWasWritten) {
  const WriteReport report = trips(1000, quiet_).write_parquet(at("trips"));
  EXPECT_EQ(report.rows, 1000);
  EXPECT_EQ(report.files, 4);
  const Dataset read = sd::read_parquet(at("trips"), quiet_);
  EXPECT_EQ(read.columns(), (std::vector<std::string>{"id", "distance", "vendor"}));
  EXPECT_EQ(read.count(), 1000);
  std::int64_t id = 0;
  for (const Trip& trip : read.iter_rows<Trip>()) {
    ASSERT_EQ(trip.id, id++);
    ASSERT_EQ(trip.vendor, trip.id % 2 == 0 ? "even" : "odd");
  }
  EXPECT_EQ(id, 1000);
}

TEST_F(DatasetFiles, ParquetReadsLessWhereStepsNeedLess) {
  trips(1000, quiet_).write_parquet(at("trips"));
  const Dataset far = sd::read_parquet(at("trips"), quiet_).filter(sd::col("distance") >= 90.0);
  EXPECT_NE(far.explain().find("predicate pushdown"), std::string::npos) << far.explain();
  EXPECT_EQ(far.count(), 100);
  const Dataset ids = sd::read_parquet(at("trips"), quiet_).select({"id"});
  EXPECT_NE(ids.explain().find("projection pushdown"), std::string::npos) << ids.explain();
  EXPECT_EQ(ids.columns(), std::vector<std::string>{"id"});
  EXPECT_EQ(ids.take<TripId>(3)[2].id, 2);
  EXPECT_EQ(far.select({"vendor"}).take(1)[0]["vendor"].as<std::string>(), "even");
}

TEST_F(DatasetFiles, AWriteThatFailsLeavesNothing) {
  const Dataset failing = trips(1000, quiet_).map([](Trip trip) {
    if (trip.id == 999) throw std::runtime_error("the last one");
    return trip;
  });
  EXPECT_EQ(thrown_code([&] { failing.write_parquet(at("trips")); }), ErrorCode::user_function);
  EXPECT_TRUE(!fs::exists(at("trips")) || fs::is_empty(at("trips")));
  trips(10, quiet_).write_parquet(at("trips"));
  EXPECT_EQ(thrown_code([&] { trips(10, quiet_).write_parquet(at("trips")); }), ErrorCode::already_exists);
}

TEST_F(DatasetFiles, TextBytesAndListings) {
  write("logs/a.txt", "one\ntwo\n");
  write("logs/b.txt", "three\n");
  std::vector<std::string> lines;
  for (const Row& row : sd::read_text(at("logs"), quiet_).iter_rows()) lines.push_back(row["text"].as<std::string>());
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_EQ(sd::read_binary({at("logs/b.txt"), at("logs/a.txt")}, quiet_).take(1)[0]["bytes"].as<std::string>(),
            "three\n");
  EXPECT_EQ(sd::list_objects(at("logs"), quiet_).count(), 2);
  EXPECT_EQ(sd::read_binary(at("logs"), quiet_).count(), 2);
}

TEST_F(DatasetFiles, SplitsOfListingsAreCountedFromTheListing) {
  for (int i = 0; i < 10; ++i) write("files/" + std::to_string(i), std::to_string(i));
  const auto [train, test] = sd::read_binary(at("files"), quiet_).train_test_split(0.3);
  std::string text;
  for (const Row& row : test.iter_rows()) text += row["bytes"].as<std::string>();
  EXPECT_EQ(text, "789");
  EXPECT_EQ(train.count(), 7);
}

TEST_F(DatasetFiles, MissingPathsAndNonImagesAreNamed) {
  EXPECT_EQ(thrown_code([&] { sd::read_binary(at("missing"), quiet_).take(1); }), ErrorCode::not_found);
  EXPECT_EQ(thrown_code([&] { sd::read_parquet(at("missing"), quiet_).take(1); }), ErrorCode::not_found);
  write("images/no.jpg", "this is no image");
  EXPECT_EQ(thrown_code([&] { sd::read_images(at("images"), quiet_).take(1); }), ErrorCode::corrupt_data);
  Quarantine bad;
  EXPECT_EQ(sd::read_images(at("images"), {.quarantine = bad}, quiet_).take(1).size(), 0U);
  EXPECT_EQ(bad.count(), 1);
}

}  // namespace
}  // namespace shoal::data
