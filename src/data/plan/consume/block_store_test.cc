#include "data/plan/consume/block_store.h"

#include <arrow/array.h>
#include <arrow/extension/fixed_shape_tensor.h>
#include <arrow/json/from_string.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <numeric>

#include "data/plan/testing/plans.h"

namespace shoal::data {
namespace {

namespace fs = std::filesystem;

/// A folder of its own, removed at the end; spill files must leave nothing in it.
class BlockStoreTest : public ::testing::Test {
 protected:
  BlockStoreTest() : folder_(fs::temp_directory_path() / ("shoal-store-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~BlockStoreTest() override { fs::remove_all(folder_); }

  const fs::path folder_;
};

Rows block(std::int64_t first, std::int64_t rows) {
  std::vector<std::int64_t> ids(static_cast<std::size_t>(rows));
  std::iota(ids.begin(), ids.end(), first);
  return id_rows(ids);
}

TEST_F(BlockStoreTest, KeepsTheFirstBlocksAndSpillsTheRest) {
  BlockStore store(10'000, folder_);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(store.append(block(1000 * i, 1000)).ok());
  EXPECT_EQ(store.row_count(), 5000);
  EXPECT_EQ(store.held_bytes(), 8000);
  EXPECT_GT(store.spilled_bytes(), 4 * 8000);
  EXPECT_TRUE(fs::is_empty(folder_));
  for (int i = 0; i < 5; ++i) {
    const auto rows = store.read(i, arrow::default_memory_pool());
    ASSERT_TRUE(rows.ok()) << rows.status().text();
    EXPECT_TRUE((*rows)->Equals(*block(1000 * i, 1000)));
  }
}

TEST_F(BlockStoreTest, KeepsTensorsAndTextAndSlices) {
  const auto type = std::static_pointer_cast<arrow::ExtensionType>(
      arrow::extension::fixed_shape_tensor(arrow::uint8(), {2, 1}));
  const auto tensors = arrow::ExtensionType::WrapArray(
      type, *arrow::json::ArrayFromJSONString(arrow::fixed_size_list(arrow::uint8(), 2), "[[1, 2], [3, 4], [5, 6]]"));
  const auto text = *arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["a", null, "ccc"])");
  const Rows rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("t", type), arrow::field("s", arrow::utf8())}),
                                             3, {tensors, text});
  BlockStore store(0, folder_);
  ASSERT_TRUE(store.append(rows->Slice(1)).ok());
  const auto read = store.read(0, arrow::default_memory_pool());
  ASSERT_TRUE(read.ok()) << read.status().text();
  EXPECT_TRUE((*read)->Equals(*rows->Slice(1)));
  EXPECT_TRUE((*read)->schema()->Equals(*rows->schema()));
}

TEST_F(BlockStoreTest, RefusesOtherColumns) {
  BlockStore store(1 << 20, folder_);
  ASSERT_TRUE(store.append(block(0, 1)).ok());
  EXPECT_EQ(store.append(*block(0, 1)->RenameColumns({"x"})).code(), ErrorCode::schema_mismatch);
}

TEST_F(BlockStoreTest, NamesAFolderThatIsNotThere) {
  BlockStore store(0, folder_ / "missing");
  const Status status = store.append(block(0, 1));
  EXPECT_EQ(status.code(), ErrorCode::not_found);
  EXPECT_NE(status.text().find("missing"), std::string::npos);
}

TEST_F(BlockStoreTest, AFullDiskIsNoSpace) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_action = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{20'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  BlockStore store(0, folder_);
  const Status first = store.append(block(0, 1000));
  const Status second = store.append(block(0, 10'000));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, old_action);
  EXPECT_TRUE(first.ok()) << first.text();
  EXPECT_EQ(second.code(), ErrorCode::no_space);
  EXPECT_NE(second.text().find(folder_.string()), std::string::npos);
  EXPECT_TRUE(store.append(block(1000, 1000)).ok());  // goes on once there is space
  EXPECT_EQ(ids_of(**store.read(1, arrow::default_memory_pool())).front(), 1000);
}

}  // namespace
}  // namespace shoal::data
