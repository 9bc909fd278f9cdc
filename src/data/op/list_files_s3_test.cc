#include <arrow/array/array_binary.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "data/io/testing/fault_proxy.h"
#include "data/io/testing/minio.h"
#include "data/op/list_files.h"
#include "data/op/testing/drive.h"

namespace shoal::data {
namespace {

using Strings = std::vector<std::string>;

/// Listings of a real S3 server.
class ListFilesS3 : public ::testing::Test {
 protected:
  void SetUp() override {
    options_ = shared_minio().storage_options();
    bucket_ = unique_bucket("list");
    const Location location = *clients_.locate("s3://" + bucket_ + "/", options_);
    ASSERT_TRUE(location.store->create_root(bucket_).ok());
    for (const char* key : {"data/part-00.csv", "data/part-01.csv", "data/part-10/x.csv", "data/_part", "day/1",
                            "day-2/2", "hidden/_x", "hidden-not"}) {
      ASSERT_TRUE(location.store->put(bucket_, key, {}).ok());
    }
  }

  Strings keys(const std::string& path, const std::vector<std::string>& suffixes = {}) {
    NodePtr node = *make_list_files(
        {.uris = {"s3://" + bucket_ + "/" + path}, .suffixes = suffixes, .storage = options_});
    Result<std::vector<DrivenSplit>> splits = drive(node, {.storage = &clients_});
    if (!splits.ok()) return {std::string(to_string(splits.status().code()))};
    Strings keys;
    for (const Rows& rows : splits->front().pieces) {
      const auto& column = static_cast<const arrow::StringArray&>(*rows->column(k_list_key));
      for (std::int64_t i = 0; i < column.length(); ++i) keys.push_back(column.GetString(i));
    }
    return keys;
  }

  StorageClients clients_;
  StorageOptions options_;
  std::string bucket_;
};

TEST_F(ListFilesS3, TakesPatternsInTheLastComponent) {
  EXPECT_EQ(keys("data/part-0*"), (Strings{"data/part-00.csv", "data/part-01.csv"}));
  EXPECT_EQ(keys("data/*", {".csv"}), (Strings{"data/part-00.csv", "data/part-01.csv", "data/part-10/x.csv"}));
  EXPECT_EQ(keys("day*"), (Strings{"day-2/2", "day/1"}));
  EXPECT_EQ(keys("data/*.png"), Strings{"not_found"});
}

TEST_F(ListFilesS3, TakesTheFirstLettersOfKeysWhereNothingHasThatName) {
  EXPECT_EQ(keys("data/part-0"), (Strings{"data/part-00.csv", "data/part-01.csv"}));
  EXPECT_EQ(keys("data/part-00.csv"), Strings{"data/part-00.csv"});
  EXPECT_EQ(keys("data/part-1"), Strings{"data/part-10/x.csv"});
  EXPECT_EQ(keys("data/_p"), Strings{"data/_part"}) << "what is named is not hidden";
  EXPECT_EQ(keys("day"), Strings{"day/1"}) << "a folder of that name goes first";
  EXPECT_EQ(keys("hidden"), Strings{"not_found"}) << "though nothing in it is wanted";
  EXPECT_EQ(keys("day", {".csv"}), Strings{"not_found"});
  EXPECT_EQ(keys("data/part-2"), Strings{"not_found"});
}

TEST_F(ListFilesS3, AFolderIsReadWhereItsNameMayNotBeAskedFor) {
  const auto proxy = FaultProxy::start(shared_minio().port()).value_or_throw();
  options_.endpoint = proxy->endpoint();
  proxy->plan(Fault::status(403, "").on("HEAD").always());
  EXPECT_EQ(keys("day"), Strings{"day/1"});
  EXPECT_EQ(keys("none"), Strings{"permission_denied"}) << "not that there is none, which nobody knows";
  proxy->plan(Fault::status(403, "AccessDenied").on("GET").always());
  EXPECT_EQ(keys("day"), Strings{"permission_denied"});
}

}  // namespace
}  // namespace shoal::data
