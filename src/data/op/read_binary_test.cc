#include "data/op/read_binary.h"

#include <arrow/array/array_binary.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include <string>

#include "base/testing/temp_folder.h"
#include "data/op/testing/drive.h"

namespace shoal::data {
namespace {

TEST(ReadBinary, GivesOneRowPerFile) {
  TempFolder folder;
  StorageClients clients;
  for (int i = 0; i < 50; ++i)
    folder.write("f" + std::to_string(100 + i), std::string(static_cast<std::size_t>(i), 'x'));
  NodePtr node = make_read_binary({folder.path()}, {}).value();
  auto table = drive_to_table(node, {.parallelism = 4, .storage = &clients});
  ASSERT_TRUE(table.ok()) << table.status().text();
  ASSERT_EQ((*table)->num_rows(), 50);
  const auto& bytes = static_cast<const arrow::BinaryArray&>(*(*table)->GetColumnByName("bytes")->chunk(0));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(bytes.value_length(i), i);
  const auto& paths = static_cast<const arrow::StringArray&>(*(*table)->GetColumnByName("path")->chunk(0));
  EXPECT_TRUE(paths.GetString(7).ends_with("/f107"));
  EXPECT_TRUE(node->keeps_row_count());
  EXPECT_EQ(node->describe(), "ReadBinary(" + folder.path() + ")");
}

TEST(ReadBinary, EndsBlocksAtTheirSize) {
  TempFolder folder;
  StorageClients clients;
  for (int i = 0; i < 10; ++i) folder.write("f" + std::to_string(i), std::string(60, 'x'));
  folder.write("g", std::string(500, 'y'));
  NodePtr node = make_read_binary({folder.path()}, {.include_paths = false}).value();
  auto splits = drive(node, {.block_bytes = 150, .storage = &clients});
  ASSERT_TRUE(splits.ok());
  ASSERT_EQ(splits->front().pieces.size(), 6u);
  EXPECT_EQ(splits->front().pieces[0]->num_rows(), 2);
  EXPECT_EQ(splits->front().pieces[0]->num_columns(), 1);
  EXPECT_EQ(splits->front().pieces[5]->num_rows(), 1);
  EXPECT_EQ(splits->front().counters.bytes_read, 1100);
}

TEST(ReadBinary, RefusesFilesThatChangedAfterTheListing) {
  TempFolder folder;
  StorageClients clients;
  folder.write("a", "old");
  NodePtr node = make_read_binary({folder.path()}, {}).value();
  Result<DrivenSplit> listed = drive_split(fused(*node->input()), 0, {.storage = &clients});
  ASSERT_TRUE(listed.ok());
  folder.write("a", "newer");
  Pipeline pipeline{nullptr, {node->step()}, "ReadBinary"};
  StepCounters counters;
  StepContext context{.pool = arrow::default_memory_pool(), .storage = &clients, .counters = &counters};
  auto stream = open_pipeline(pipeline, listed->pieces, context, nullptr);
  stream->prepare();
  EXPECT_EQ(stream->next().status().code(), ErrorCode::changed);
}

TEST(ReadBinary, ReadsAgainInASecondRun) {
  TempFolder folder;
  StorageClients clients;
  folder.write("a", "1");
  NodePtr node = make_read_binary({folder.path()}, {}).value();
  for (int run = 0; run < 2; ++run) { EXPECT_EQ((*drive_to_table(node, {.storage = &clients}))->num_rows(), 1); }
}

}  // namespace
}  // namespace shoal::data
