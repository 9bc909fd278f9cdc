#include "data/op/write_parquet.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <csignal>
#include <functional>
#include <future>

#include "base/testing/temp_folder.h"
#include "data/op/from_arrow.h"
#include "data/op/range.h"
#include "data/op/range_tensor.h"
#include "data/op/read_parquet.h"
#include "data/op/testing/drive.h"
#include "data/op/testing/parquet_files.h"

namespace shoal::data {
namespace {

class WriteParquet : public ::testing::Test {
 protected:
  std::string target() const { return folder_ / "lake/out"; }
  DriveOptions drive_options() {
    return {.parallelism = parallelism_, .block_bytes = block_bytes_, .storage = &storage_};
  }

  /// The whole of what Dataset::write_parquet does.
  Result<WriteReport> write(const NodePtr& plan, const WriteOptions& options = {}, const std::string& uri = "") {
    SHOAL_ASSIGN_OR_RETURN(const auto job, WriteJob::start(uri.empty() ? target() : uri, options, storage_));
    SHOAL_ASSIGN_OR_RETURN(const auto splits, drive(job->node(plan), drive_options()));
    EXPECT_TRUE(files().empty()) << "visible before the commit";
    for (const DrivenSplit& split : splits) {
      for (const Rows& rows : split.pieces) job->collect(rows);
    }
    return job->commit();
  }
  std::shared_ptr<arrow::Table> read() { return *drive_to_table(*make_read_parquet({target()}), drive_options()); }

  /// Files and folders below the test's folder, hidden ones too.
  std::vector<std::string> everything() const {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      paths.push_back(std::filesystem::relative(entry.path(), folder_.path()));
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const std::string& path : everything()) {
      const std::string name = std::filesystem::path(path).filename();
      if (name.ends_with(".parquet") && !name.starts_with('.')) names.push_back(name);
    }
    return names;
  }

  TempFolder folder_;
  StorageClients storage_;
  int parallelism_ = 3;
  std::int64_t block_bytes_ = 1 << 20;
};

TEST_F(WriteParquet, AnEmptyUriIsNotTheRoot) {
  EXPECT_EQ(WriteJob::start("", {}, storage_).status().code(), ErrorCode::invalid_argument);
}

TEST_F(WriteParquet, GivesBackWhatWasWritten) {
  const auto table = numbered_table(0, 1000);
  const WriteReport report = *write(*make_from_arrow(table));
  EXPECT_EQ(report.files, 3);
  EXPECT_EQ(report.rows, 1000);
  EXPECT_EQ(files(), (std::vector<std::string>{"part-00000.parquet", "part-00001.parquet", "part-00002.parquet"}));
  std::int64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(target())) {
    bytes += static_cast<std::int64_t>(entry.file_size());
  }
  EXPECT_EQ(report.bytes, bytes);
  EXPECT_TRUE(read()->Equals(*table));
}

TEST_F(WriteParquet, KeepsTensors) {
  const NodePtr tensors = *make_range_tensor(50, {.shape = {4, 5}});
  ASSERT_TRUE(write(tensors).ok());
  EXPECT_TRUE(read()->column(0)->Equals((*drive_to_table(tensors))->column(0)));
  EXPECT_TRUE(read()->schema()->field(0)->type()->Equals((*drive_to_table(tensors))->schema()->field(0)->type()));
}

TEST_F(WriteParquet, TakesEveryCompression) {
  const auto table = numbered_table(0, 100);
  for (const auto compression :
       {Compression::none, Compression::snappy, Compression::gzip, Compression::zstd, Compression::lz4}) {
    std::filesystem::remove_all(target());
    ASSERT_TRUE(write(*make_from_arrow(table), {.compression = compression}).ok());
    EXPECT_TRUE(read()->Equals(*table));
  }
}

TEST_F(WriteParquet, EndsFilesAtTheSizeAskedFor) {
  const NodePtr rows = *make_range(1'000'000, {.parallelism = 2});
  const WriteReport report = *write(rows, {.file_bytes = 1'000'000, .compression = Compression::none});
  EXPECT_GE(report.files, 8);
  EXPECT_EQ(files()[1], "part-00000-00001.parquet");
  EXPECT_TRUE(read()->column(0)->Equals((*drive_to_table(rows))->column(0))) << "files are read in the rows' order";
}

TEST_F(WriteParquet, CutsRowGroups) {
  parallelism_ = 1;
  ASSERT_TRUE(write(*make_range(1000), {.row_group_rows = 100}).ok());
  const NodePtr few = *make_read_parquet({target()}, {.filter = col("id") >= 950});
  const auto listed = *drive(few->input(), drive_options());
  EXPECT_EQ(std::static_pointer_cast<arrow::Int64Array>(listed[0].pieces[0]->GetColumnByName("rows"))->Value(0), 100);
}

TEST_F(WriteParquet, ASmallBudgetHasSmallRowGroups) {
  parallelism_ = 1;
  block_bytes_ = 16 << 10;
  ASSERT_TRUE(write(*make_range(100'000)).ok());
  const NodePtr all = *make_read_parquet({target()});
  const auto listed = *drive(all->input(), drive_options());
  const auto& rows = static_cast<const arrow::Int64Array&>(*listed[0].pieces[0]->GetColumnByName("rows"));
  EXPECT_LE(rows.Value(0) * 8, 5 * block_bytes_);
}

TEST_F(WriteParquet, CtrlCAfterTheLastBlockLeavesNothing) {
  std::promise<void> told;
  const auto job = *WriteJob::start(target(), {}, storage_);
  const InterruptRegistration later({.interrupt = [&] { told.set_value(); }});  // is told after the job
  const auto splits = drive(job->node(*make_range(100)), drive_options());
  for (const DrivenSplit& split : *splits) {
    for (const Rows& rows : split.pieces) job->collect(rows);
  }
  raise(SIGINT);
  told.get_future().wait();
  EXPECT_EQ(job->commit().status().code(), ErrorCode::cancelled);
  EXPECT_TRUE(files().empty());
}

TEST_F(WriteParquet, RefusesATargetThatIsNotEmpty) {
  folder_.write("lake/out/old.parquet", "x");
  EXPECT_EQ(WriteJob::start(target(), {}, storage_).status().code(), ErrorCode::already_exists);
  EXPECT_EQ(WriteJob::start(target() + "/", {}, storage_).status().code(), ErrorCode::already_exists);
  EXPECT_EQ(WriteJob::start(folder_ / "lake/out/old.parquet", {}, storage_).status().code(), ErrorCode::already_exists);
  std::filesystem::remove(folder_ / "lake/out/old.parquet");
  EXPECT_TRUE(WriteJob::start(target(), {}, storage_).ok()) << "an empty folder is no obstacle";
}

TEST_F(WriteParquet, RefusesWrongOptions) {
  EXPECT_EQ(WriteJob::start(target(), {.row_group_rows = 0}, storage_).status().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(WriteJob::start(target(), {.file_bytes = -1}, storage_).status().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(WriteJob::start("gs://bucket/x", {}, storage_).status().code(), ErrorCode::unsupported);
}

TEST_F(WriteParquet, LeavesNothingWhenItIsGivenUp) {
  for (const bool finished : {false, true}) {
    const auto job = *WriteJob::start(target(), {}, storage_);
    const Pipeline pipeline = fused(*job->node(*make_range(1000)));
    ASSERT_EQ(*pipeline.source->split_count(2, 1 << 20), 2);
    ASSERT_TRUE(drive_split(pipeline, 0, drive_options()).ok());
    if (finished) { ASSERT_TRUE(drive_split(pipeline, 1, drive_options()).ok()); }
    EXPECT_FALSE(everything().empty());
  }
  EXPECT_EQ(everything(), std::vector<std::string>{});
}

TEST_F(WriteParquet, AnAttemptTakesThePlaceOfAnEarlierOne) {
  const auto job = *WriteJob::start(target(), {}, storage_);
  const Pipeline pipeline = fused(*job->node(*make_range(1000)));
  ASSERT_EQ(*pipeline.source->split_count(1, 1 << 20), 1);
  const auto first = *drive_split(pipeline, 0, drive_options(), 0);
  const auto second = *drive_split(pipeline, 0, drive_options(), 1);
  EXPECT_TRUE(first.pieces[0]->Equals(*second.pieces[0]));
  job->collect(first.pieces[0]);
  EXPECT_EQ(job->commit()->files, 1);
  EXPECT_EQ(everything().size(), 3u) << "lake, lake/out and the file";
}

TEST_F(WriteParquet, OfNothingWritesNothing) {
  EXPECT_EQ(*write(*make_range(0)), WriteReport{});
  EXPECT_EQ(everything(), std::vector<std::string>{});
}

/// Rows of one kind in the first fragment and of another in the second.
class TwoKinds final : public Source {
 public:
  std::string label() const override { return "TwoKinds"; }
  Result<std::int64_t> split_count(int, std::int64_t) const override { return 2; }
  std::unique_ptr<Stream> open(std::int64_t split, const StepContext& context) const override {
    const NodePtr node = split == 0 ? *make_range(3) : *make_range_tensor(3);
    keep_.push_back(node->source());
    return keep_.back()->open(0, context);
  }

 private:
  mutable std::vector<std::shared_ptr<const Source>> keep_;
};

TEST_F(WriteParquet, NamesFragmentsWhoseColumnsDiffer) {
  {
    const auto job = *WriteJob::start(target(), {}, storage_);
    Pipeline pipeline = fused(*job->node(*make_range(3)));
    pipeline.source = std::make_shared<TwoKinds>();
    ASSERT_TRUE(drive_split(pipeline, 0, drive_options()).ok());
    EXPECT_EQ(drive_split(pipeline, 1, drive_options()).status().code(), ErrorCode::schema_mismatch);
  }
  EXPECT_EQ(everything(), std::vector<std::string>{});
}

/// Gives rows twice, and calls `between` before the second.
class TwoPieces final : public Source {
 public:
  explicit TwoPieces(std::function<void()> between) : between_(std::move(between)) {}
  std::string label() const override { return "TwoPieces"; }
  Result<std::int64_t> split_count(int, std::int64_t) const override { return 1; }
  std::unique_ptr<Stream> open(std::int64_t, const StepContext& context) const override {
    return std::make_unique<Pieces>(between_, source_->open(0, context));
  }

 private:
  class Pieces final : public Stream {
   public:
    Pieces(std::function<void()> between, std::unique_ptr<Stream> rows)
        : between_(std::move(between)), rows_(std::move(rows)) {}
    Result<Rows> next() override {
      if (first_ == nullptr) return first_ = rows_->next().value();
      if (between_ == nullptr) return Rows();
      std::exchange(between_, nullptr)();
      return first_;
    }

   private:
    std::function<void()> between_;
    const std::unique_ptr<Stream> rows_;
    Rows first_;
  };
  const std::function<void()> between_;
  const std::shared_ptr<const Source> source_ = (*make_range(3))->source();
};

TEST_F(WriteParquet, AbortReachesTheFileThatAFragmentWrites) {
  const auto job = *WriteJob::start(target(), {}, storage_);
  Pipeline pipeline = fused(*job->node(*make_range(3)));
  std::size_t before = 0, after = 0;
  pipeline.source = std::make_shared<TwoPieces>([&] {  // as if the program were ended while the user's function hangs
    before += everything().size();
    job->abort();
    after += everything().size();
  });
  EXPECT_FALSE(drive_split(pipeline, 0, drive_options()).ok());
  EXPECT_EQ(before, 3u) << "the folders and the unfinished file";
  EXPECT_EQ(after, 0u);
}

TEST_F(WriteParquet, SaysThatTheDiskIsFullAndLeavesNothing) {
  const std::string disk = folder_ / "disk";
  std::filesystem::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=2m") != 0) GTEST_SKIP() << "mounting needs root";
  const Status status = write(*make_range(1'000'000), {.compression = Compression::none}, disk + "/a/b").status();
  EXPECT_EQ(status.code(), ErrorCode::no_space) << status.text();
  EXPECT_NE(status.text().find(disk), std::string::npos) << status.text();
  EXPECT_TRUE(std::filesystem::is_empty(disk));
  ASSERT_EQ(::umount(disk.c_str()), 0);
}

}  // namespace
}  // namespace shoal::data
