#include "data/op/list_files.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_primitive.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/testing/temp_folder.h"
#include "data/op/testing/drive.h"

namespace shoal::data {
namespace {

class ListFiles : public ::testing::Test {
 protected:
  Result<DrivenSplit> list(ListFilesOptions options, int parallelism = 1) {
    SHOAL_ASSIGN_OR_RETURN(NodePtr node, make_list_files(std::move(options)));
    return run(node, parallelism);
  }
  Result<DrivenSplit> run(const NodePtr& node, int parallelism = 1) {
    SHOAL_ASSIGN_OR_RETURN(std::vector<DrivenSplit> splits,
                           drive(node, {.parallelism = parallelism, .storage = &clients_}));
    EXPECT_EQ(splits.size(), 1u);
    return std::move(splits.front());
  }
  static std::vector<std::string> strings(const DrivenSplit& split, int column) {
    std::vector<std::string> values;
    for (const Rows& rows : split.pieces) {
      const auto& array = static_cast<const arrow::StringArray&>(*rows->column(column));
      for (std::int64_t i = 0; i < array.length(); ++i) values.push_back(array.GetString(i));
    }
    return values;
  }
  static std::vector<std::int64_t> numbers(const DrivenSplit& split, int column) {
    std::vector<std::int64_t> values;
    for (const Rows& rows : split.pieces) {
      const auto& array = static_cast<const arrow::Int64Array&>(*rows->column(column));
      for (std::int64_t i = 0; i < array.length(); ++i) values.push_back(array.Value(i));
    }
    return values;
  }

  TempFolder folder_;
  StorageClients clients_;
};

using Strings = std::vector<std::string>;

TEST_F(ListFiles, GivesFilesInOrderWithoutHiddenOnes) {
  for (const char* name : {"b.jpg", "a/2.jpg", "a/1.png", ".hidden", "_SUCCESS", "a/_temporary/x", ".git/config"}) {
    folder_.write(name, "12345");
  }
  Result<DrivenSplit> listed = list({.uris = {folder_.path()}});
  ASSERT_TRUE(listed.ok()) << listed.status().text();
  EXPECT_EQ(strings(*listed, k_list_key), (Strings{"a/1.png", "a/2.jpg", "b.jpg"}));
  EXPECT_EQ(strings(*listed, k_list_path)[2], "file://" + folder_.path() + "/b.jpg");
  EXPECT_EQ(numbers(*listed, k_list_size), (std::vector<std::int64_t>{5, 5, 5}));
  EXPECT_EQ(numbers(*listed, k_list_offset), (std::vector<std::int64_t>{0, 0, 0}));
  EXPECT_EQ(numbers(*listed, k_list_length), (std::vector<std::int64_t>{5, 5, 5}));
  EXPECT_FALSE(strings(*listed, k_list_etag)[0].empty());
}

TEST_F(ListFiles, TakesFilesFoldersAndSuffixesInTheGivenOrder) {
  folder_.write("x/1.txt", "a");
  folder_.write("x/2.csv", "a");
  folder_.write("_single", "a");
  Result<DrivenSplit> listed = list(
      {.uris = {folder_ / "_single", "file://" + (folder_ / "x/")}, .suffixes = {".csv"}});
  ASSERT_TRUE(listed.ok()) << listed.status().text();
  Strings paths = strings(*listed, k_list_path);
  ASSERT_EQ(paths.size(), 2u);
  EXPECT_TRUE(paths[0].ends_with("/_single")) << "a file that is named is read whatever its name";
  EXPECT_TRUE(paths[1].ends_with("/x/2.csv"));
}

TEST_F(ListFiles, SaysWhatHasNoFiles) {
  folder_.write("x/.hidden", "a");
  folder_.write("y/1.txt", "a");
  for (const ListFilesOptions& options :
       {ListFilesOptions{.uris = {folder_ / "none"}}, ListFilesOptions{.uris = {folder_ / "none/"}},
        ListFilesOptions{.uris = {folder_ / "x"}}, ListFilesOptions{.uris = {folder_ / "y", folder_ / "x"}},
        ListFilesOptions{.uris = {folder_ / "y"}, .suffixes = {".csv"}}}) {
    EXPECT_EQ(list(options).status().code(), ErrorCode::not_found) << options.uris.back();
  }
}

TEST_F(ListFiles, TakesPatternsInTheLastComponent) {
  for (const char* name :
       {"a.csv", "b.csv", "b.txt", "c.csv/part", "c.csv/_part", "d/a.csv", "_e.csv", "[x].csv", "y]"}) {
    folder_.write(name, "1");
  }
  const auto keys = [&](const std::string& uri, std::vector<std::string> suffixes = {}) {
    Result<DrivenSplit> listed = list({.uris = {uri}, .suffixes = std::move(suffixes)});
    return listed.ok() ? strings(*listed, k_list_key) : Strings{std::string(to_string(listed.status().code()))};
  };
  EXPECT_EQ(keys(folder_ / "*.csv"), (Strings{"[x].csv", "a.csv", "b.csv", "c.csv/part"}));
  EXPECT_EQ(keys("file://" + (folder_ / "b.*")), (Strings{"b.csv", "b.txt"}));
  EXPECT_EQ(keys(folder_ / "?.csv"), (Strings{"a.csv", "b.csv", "c.csv/part"}));
  EXPECT_EQ(keys(folder_ / "[b-d]*", {".csv"}), (Strings{"b.csv", "d/a.csv"}));
  EXPECT_EQ(keys(folder_ / "_*"), Strings{"_e.csv"}) << "what is named is not hidden";
  EXPECT_TRUE(keys(folder_ / "[x].csv")[0].ends_with("/[x].csv")) << "a file of that very name goes first";
  folder_.write("run[1]/z", "1");
  EXPECT_EQ(keys(folder_ / "run[1]"), Strings{"z"}) << "as does a folder, where nothing matches";
  for (const char* none : {"*.png", "none/*.csv", "*/a.csv", "e*"})
    EXPECT_EQ(keys(folder_ / none), Strings{"not_found"});
  EXPECT_EQ(keys(folder_ / "a"), Strings{"not_found"}) << "the first letters of a file are not its name";

  Result<DrivenSplit> listed = run(make_list_objects({folder_ / "c*"}, {}).value());
  EXPECT_EQ(strings(*listed, 1), (Strings{"c.csv/_part", "c.csv/part"}));
  listed = run(make_list_objects({folder_ / "[cd]*"}, {.recursive = false}).value());
  EXPECT_EQ(strings(*listed, 1), (Strings{"c.csv/", "d/"}));
}

TEST_F(ListFiles, RefusesWrongArguments) {
  EXPECT_EQ(make_list_files({}).status().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(make_list_files({.uris = {""}}).status().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(make_list_files({.uris = {"gs://b"}}).status().code(), ErrorCode::unsupported);
  EXPECT_EQ(make_list_files({.uris = {"x"}, .parallelism = 0}).status().code(), ErrorCode::invalid_argument);
}

TEST_F(ListFiles, RefusesNamesThatAreNoText) {
  folder_.write("bad\xff", "a");
  EXPECT_EQ(list({.uris = {folder_.path()}}).status().code(), ErrorCode::unsupported);
}

TEST_F(ListFiles, CutsBlocksByTheParallelismOfTheRunOrItsOwn) {
  for (int i = 0; i < 40; ++i) folder_.write("f" + std::to_string(100 + i), "x");
  EXPECT_EQ(list({.uris = {folder_.path()}}, 8)->pieces.size(), 8u);
  EXPECT_EQ(list({.uris = {folder_.path()}, .parallelism = 4}, 8)->pieces.size(), 4u);
}

TEST_F(ListFiles, CutsLongListingsIntoBlocksThatGrow) {
  for (int i = 0; i < 400; ++i) folder_.write("f" + std::to_string(10000 + i), "x");
  Result<DrivenSplit> listed = list({.uris = {folder_.path()}}, 8);
  std::vector<std::int64_t> rows;
  for (const Rows& piece : listed->pieces) rows.push_back(piece->num_rows());
  EXPECT_EQ(rows, (std::vector<std::int64_t>{16, 16, 16, 16, 16, 16, 16, 16, 16, 18, 20, 22, 25, 28, 32, 36, 40, 35}));
  Strings keys = strings(*listed, k_list_key);
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
}

TEST_F(ListFiles, CutsLargeFilesIntoRanges) {
  folder_.write("big", std::string(25, 'x'));
  folder_.write("small", "x");
  Result<DrivenSplit> listed = list({.uris = {folder_.path()}, .range_bytes = 10});
  EXPECT_EQ(numbers(*listed, k_list_offset), (std::vector<std::int64_t>{0, 10, 20, 0}));
  EXPECT_EQ(numbers(*listed, k_list_length), (std::vector<std::int64_t>{10, 10, 5, 1}));
}

TEST_F(ListFiles, ListsObjectsAsADataset) {
  folder_.write("a/1", "xx");
  folder_.write("_b", "x");
  NodePtr all = make_list_objects({folder_.path()}, {}).value();
  Result<DrivenSplit> listed = run(all);
  ASSERT_TRUE(listed.ok()) << listed.status().text();
  EXPECT_EQ(strings(*listed, 1), (Strings{"_b", "a/1"}));
  EXPECT_EQ(numbers(*listed, 2), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(listed->pieces[0]->column_name(4), "modified");
  EXPECT_EQ(listed->pieces[0]->column(4)->null_count(), 0);

  NodePtr flat = make_list_objects({folder_.path()}, {.recursive = false}).value();
  listed = run(flat);
  EXPECT_EQ(strings(*listed, 1), (Strings{"_b", "a/"}));
  EXPECT_TRUE(listed->pieces[0]->column(2)->IsNull(1));
}

TEST_F(ListFiles, StopsWhenCancelled) {
  folder_.write("a", "x");
  NodePtr node = make_list_files({.uris = {folder_.path()}}).value();
  std::stop_source cancelled;
  cancelled.request_stop();
  StepCounters counters;
  StepContext context{
      .pool = arrow::default_memory_pool(), .storage = &clients_, .stop = cancelled.get_token(), .counters = &counters};
  EXPECT_EQ(node->source()->open(0, context)->next().status().code(), ErrorCode::cancelled);
}

}  // namespace
}  // namespace shoal::data
