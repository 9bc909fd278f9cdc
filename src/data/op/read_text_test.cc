#include "data/op/read_text.h"

#include <arrow/array/array_binary.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/testing/temp_folder.h"
#include "data/op/testing/drive.h"
#include "data/op/text_range.h"

namespace shoal::data {
namespace {

using Lines = std::vector<std::string>;

class ReadText : public ::testing::Test {
 protected:
  Result<Lines> lines(TextOptions options = {}, std::int64_t range_bytes = k_text_range_bytes,
                      std::int64_t block_bytes = 1 << 20) {
    SHOAL_ASSIGN_OR_RETURN(NodePtr node, make_read_text_ranges({folder_.path()}, std::move(options), range_bytes));
    SHOAL_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Table> table,
                           drive_to_table(node, {.block_bytes = block_bytes, .storage = &clients_}));
    Lines lines;
    if (table == nullptr) return lines;
    const auto& texts = static_cast<const arrow::StringArray&>(*table->GetColumnByName("text")->chunk(0));
    for (std::int64_t i = 0; i < texts.length(); ++i) lines.push_back(texts.GetString(i));
    return lines;
  }

  TempFolder folder_;
  StorageClients clients_;
};

TEST_F(ReadText, GivesOneRowPerLine) {
  folder_.write("a.txt", "one\ntwo\r\n\nfour");
  folder_.write("b.txt",
                "\xef\xbb\xbf"
                "five\n");
  folder_.write("c.txt", "");
  EXPECT_EQ(*lines(), (Lines{"one", "two", "", "four", "five"}));
  EXPECT_EQ(*lines({.skip_empty_lines = true}), (Lines{"one", "two", "four", "five"}));
  EXPECT_EQ(*lines({.suffixes = {"b.txt"}}), Lines{"five"});
}

TEST_F(ReadText, GivesPaths) {
  folder_.write("a.txt", "one\ntwo\n");
  NodePtr node = make_read_text({folder_.path()}, {.include_paths = true}).value();
  auto table = drive_to_table(node, {.storage = &clients_});
  ASSERT_TRUE(table.ok());
  const auto& paths = static_cast<const arrow::StringArray&>(*(*table)->GetColumnByName("path")->chunk(0));
  EXPECT_TRUE(paths.GetString(1).ends_with("/a.txt"));
  EXPECT_FALSE(node->keeps_row_count());
}

TEST_F(ReadText, BreaksNoLineWhereverRangesEnd) {
  Lines expected;
  std::string text;
  for (int i = 0; i < 60; ++i) {
    expected.push_back(std::string(static_cast<std::size_t>(i % 9), static_cast<char>('a' + i % 26)));
    text += expected.back() + "\n";
  }
  expected.push_back("no line end");
  folder_.write("a.txt", text + expected.back());
  for (std::int64_t range = 1; range < 40; ++range) EXPECT_EQ(*lines({}, range), expected) << "range " << range;
}

TEST_F(ReadText, ReadsLinesThatAreLongerThanTheirRange) {
  const std::string longest(300'000, 'x'), longer(200'000, 'y');
  folder_.write("a.txt", "a\n" + longest + "\nb\n" + longer + "\n" + longest);
  for (std::int64_t range : {1000, 65'536, 100'000, 250'000}) {
    Result<Lines> got = lines({}, range);
    ASSERT_TRUE(got.ok()) << got.status().text();
    EXPECT_EQ(*got, (Lines{"a", longest, "b", longer, longest})) << "range " << range;
  }
}

TEST_F(ReadText, EndsBlocksAtTheirSize) {
  std::string text;
  Lines expected;
  for (int i = 0; i < 1000; ++i) {
    expected.push_back(std::to_string(i));
    text += expected.back() + "\n";
  }
  folder_.write("a.txt", text);
  EXPECT_EQ(*lines({}, k_text_range_bytes, 100), expected);
}

TEST_F(ReadText, SaysWhichLineIsNoText) {
  folder_.write("a.txt", "good\n\xff\xfe\nfine\n");
  EXPECT_EQ(lines().status().code(), ErrorCode::corrupt_data);
  Quarantine bad{.max_rows = 1};
  EXPECT_EQ(*lines({.quarantine = bad}), (Lines{"good", "fine"}));
  ASSERT_EQ(bad.count(), 1);
  EXPECT_EQ(bad.rows()[0].offset, 5);
  EXPECT_EQ(*lines({.quarantine = bad}), (Lines{"good", "fine"})) << "a second run finds the same row";
  EXPECT_EQ(bad.count(), 1);
  folder_.write("b.txt", "\xff\n");
  EXPECT_EQ(lines({.quarantine = bad}).status().code(), ErrorCode::corrupt_data);
}

}  // namespace
}  // namespace shoal::data
