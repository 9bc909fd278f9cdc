#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "data/io/testing/minio.h"
#include "data/op/from_arrow.h"
#include "data/op/range.h"
#include "data/op/read_parquet.h"
#include "data/op/testing/drive.h"
#include "data/op/testing/parquet_files.h"
#include "data/op/write_parquet.h"

namespace shoal::data {
namespace {

/// Parquet over a real S3 server.
class ParquetS3 : public ::testing::Test {
 protected:
  void SetUp() override {
    options_ = shared_minio().storage_options();
    bucket_ = unique_bucket("parquet");
    location_ = *storage_.locate("s3://" + bucket_ + "/", options_);
    ASSERT_TRUE(location_.store->create_root(bucket_).ok());
  }

  std::string target() const { return "s3://" + bucket_ + "/lake/out/"; }
  DriveOptions drive_options() { return {.parallelism = 3, .block_bytes = 1 << 20, .storage = &storage_}; }

  Result<WriteReport> write(const NodePtr& plan, WriteOptions options = {}) {
    options.storage = options_;
    SHOAL_ASSIGN_OR_RETURN(const auto job, WriteJob::start(target(), options, storage_));
    SHOAL_ASSIGN_OR_RETURN(const auto splits, drive(job->node(plan), drive_options()));
    EXPECT_TRUE(keys().empty()) << "visible before the commit";
    for (const DrivenSplit& split : splits) {
      for (const Rows& rows : split.pieces) job->collect(rows);
    }
    return job->commit();
  }

  std::vector<std::string> keys() {
    std::vector<std::string> keys;
    const auto lister = *location_.store->list(bucket_, "", {});
    for (auto page = *lister->next_page(); !page.empty(); page = *lister->next_page()) {
      for (const ObjectInfo& object : page) keys.push_back(object.key);
    }
    return keys;
  }

  StorageClients storage_;
  StorageOptions options_;
  std::string bucket_;
  Location location_;
};

TEST_F(ParquetS3, GivesBackWhatWasWritten) {
  const auto table = numbered_table(0, 3000);
  EXPECT_EQ(write(*make_from_arrow(table))->files, 3);
  EXPECT_EQ(keys(), (std::vector<std::string>{"lake/out/part-00000.parquet", "lake/out/part-00001.parquet",
                                              "lake/out/part-00002.parquet"}));
  const NodePtr back = *make_read_parquet({target()}, {.storage = options_});
  EXPECT_TRUE((*drive_to_table(back, drive_options()))->Equals(*table));
  EXPECT_EQ(write(*make_from_arrow(table)).status().code(), ErrorCode::already_exists);
}

TEST_F(ParquetS3, SendsOneRequestForAFooterAndFewForTheColumns) {
  ASSERT_TRUE(write(*make_range(100'000, {.parallelism = 1}), {.row_group_rows = 25'000}).ok());
  const NodePtr plan = *make_read_parquet({target()}, {.storage = options_});
  const RequestCounts before = location_.store->counts();
  EXPECT_EQ((*drive_to_table(plan, drive_options()))->num_rows(), 100'000);
  const RequestCounts after = location_.store->counts();
  EXPECT_LE(after.get - before.get, 1 + 4);
  EXPECT_EQ(after.head - before.head, 0);
}

TEST_F(ParquetS3, WritesFilesOfManyParts) {
  const NodePtr rows = *make_range(3'000'000, {.parallelism = 1});
  ASSERT_TRUE(write(rows, {.compression = Compression::none}).ok());
  const auto back = *drive_to_table(*make_read_parquet({target()}, {.storage = options_}), drive_options());
  EXPECT_TRUE(back->column(0)->Equals((*drive_to_table(rows))->column(0)));
}

TEST_F(ParquetS3, LeavesNothingWhenItIsGivenUp) {
  {
    WriteOptions options;
    options.storage = options_;
    const auto job = *WriteJob::start(target(), options, storage_);
    ASSERT_TRUE(drive(job->node(*make_range(2'000'000)), drive_options()).ok());
  }
  EXPECT_TRUE(keys().empty());
  EXPECT_TRUE(location_.store->remove_root(bucket_).ok());
}

TEST_F(ParquetS3, NamesWhatIsMissing) {
  WriteOptions options;
  options.storage = options_;
  EXPECT_EQ(WriteJob::start("s3://" + bucket_ + "-gone/x", options, storage_).status().code(), ErrorCode::not_found);
  const NodePtr empty = *make_read_parquet({"s3://" + bucket_ + "/none/"}, {.storage = options_});
  EXPECT_EQ(drive(empty, drive_options()).status().code(), ErrorCode::not_found);
}

}  // namespace
}  // namespace shoal::data
