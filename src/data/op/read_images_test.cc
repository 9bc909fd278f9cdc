#include "data/op/read_images.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_nested.h>
#include <arrow/extension/fixed_shape_tensor.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/testing/temp_folder.h"
#include "data/op/testing/drive.h"
#include "data/op/testing/encode_image.h"
#include "data/rows/tensor_column.h"

namespace shoal::data {
namespace {

class ReadImages : public ::testing::Test {
 protected:
  Result<DrivenSplit> read(ImageOptions options, std::int64_t block_bytes = 1 << 20) {
    SHOAL_ASSIGN_OR_RETURN(NodePtr node, make_read_images({folder_.path()}, std::move(options)));
    SHOAL_ASSIGN_OR_RETURN(std::vector<DrivenSplit> splits,
                           drive(node, {.block_bytes = block_bytes, .storage = &clients_}));
    for (const Rows& piece : splits.front().pieces) {
      EXPECT_TRUE(piece->schema()->Equals(*node->known_schema(nullptr)));
    }
    return std::move(splits.front());
  }
  static TensorMemory images(const Rows& rows) { return open_tensor_array(*rows->GetColumnByName("image")).value(); }

  TempFolder folder_;
  StorageClients clients_;
};

TEST_F(ReadImages, GivesOneShapeWhereASizeIsGiven) {
  folder_.write("a.jpg", encode_jpeg(smooth_image(40, 60, 3)));
  folder_.write("b.png", encode_png(smooth_image(20, 30, 3)));
  Result<DrivenSplit> got = read({.size = {20, 30}, .include_paths = true});
  ASSERT_TRUE(got.ok()) << got.status().text();
  ASSERT_EQ(got->pieces.size(), 1u);
  const Rows& rows = got->pieces[0];
  ASSERT_EQ(rows->num_rows(), 2);
  const TensorMemory memory = images(rows);
  EXPECT_EQ(*memory.type.row_shape, (Shape{20, 30, 3}));
  const TestImage png = smooth_image(20, 30, 3);
  EXPECT_EQ(std::memcmp(memory.values + 20 * 30 * 3, png.pixels.data(), png.pixels.size()), 0);
  const auto& paths = static_cast<const arrow::StringArray&>(*rows->GetColumnByName("path"));
  EXPECT_TRUE(paths.GetString(0).ends_with("/a.jpg"));
  EXPECT_TRUE(paths.GetString(1).ends_with("/b.png"));
}

TEST_F(ReadImages, CutsBlocksWhereBatchesEnd) {
  const std::string png = encode_png(smooth_image(2, 2, 3));
  for (int i = 10; i < 50; ++i) folder_.write(std::to_string(i) + ".png", png);
  NodePtr node = make_read_images({folder_.path()}, {.size = {600, 600}}).value();  // 15 of them in 16 MiB
  const auto rows_of_blocks = [&](std::int64_t batch_rows, std::int64_t block_bytes) {
    std::vector<std::int64_t> rows;
    const auto splits = drive(node, {.block_bytes = block_bytes, .batch_rows = batch_rows, .storage = &clients_});
    EXPECT_TRUE(splits.ok()) << splits.status().text();
    for (const Rows& piece : splits->front().pieces) rows.push_back(piece->num_rows());
    return rows;
  };
  using Blocks = std::vector<std::int64_t>;
  EXPECT_EQ(rows_of_blocks(0, 64 << 20), (Blocks{15, 15, 10}));
  EXPECT_EQ(rows_of_blocks(6, 64 << 20), (Blocks{12, 12, 12, 4}));
  EXPECT_EQ(rows_of_blocks(20, 64 << 20), (Blocks{20, 20})) << "a batch may be larger than that";
  EXPECT_EQ(rows_of_blocks(20, 6 << 20), (Blocks{5, 5, 5, 5, 5, 5, 5, 5})) << "but never than a block";
}

TEST_F(ReadImages, GivesVaryingShapesOtherwise) {
  folder_.write("a.png", encode_png(smooth_image(2, 3, 1), {.color_type = 0}));
  folder_.write("b.png", encode_png(smooth_image(4, 5, 1), {.color_type = 0}));
  Result<DrivenSplit> got = read({.mode = ImageMode::gray});
  ASSERT_TRUE(got.ok()) << got.status().text();
  const TensorMemory memory = images(got->pieces[0]);
  EXPECT_FALSE(memory.type.row_shape.has_value());
  EXPECT_EQ(std::vector<std::int32_t>(memory.offsets, memory.offsets + 3), (std::vector<std::int32_t>{0, 6, 26}));
  EXPECT_EQ(std::vector<std::int32_t>(memory.shapes, memory.shapes + 4), (std::vector<std::int32_t>{2, 3, 4, 5}));
  EXPECT_EQ(memory.values[6], smooth_image(4, 5, 1).pixels[0]);
}

TEST_F(ReadImages, KeepsOrderAndEndsBlocksAtTheirSize) {
  for (int i = 0; i < 50; ++i) {
    TestImage flat{8, 8, 1, std::vector<std::uint8_t>(64, static_cast<std::uint8_t>(i))};
    folder_.write("f" + std::to_string(100 + i) + ".png", encode_png(flat, {.color_type = 0}));
  }
  for (ImageSize size : {ImageSize{}, ImageSize{8, 8}}) {
    Result<DrivenSplit> got = read({.mode = ImageMode::gray, .size = size}, 1000);
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(got->rows, 50);
    int next = 0;
    for (const Rows& piece : got->pieces) {
      EXPECT_LE(piece->num_rows(), 15);
      const TensorMemory memory = images(piece);
      for (std::int64_t i = 0; i < piece->num_rows(); ++i) EXPECT_EQ(memory.values[i * 64], next++);
    }
  }
}

TEST_F(ReadImages, NamesTheFileThatCannotBeRead) {
  folder_.write("a.jpg", encode_jpeg(smooth_image(8, 8, 3)));
  folder_.write("b.jpg", encode_jpeg(smooth_image(8, 8, 3)).substr(0, 200));
  folder_.write("c.txt", "no image");
  Status status = read({}).status();
  EXPECT_EQ(status.code(), ErrorCode::corrupt_data);
  EXPECT_NE(status.text().find("b.jpg"), std::string::npos) << status.text();
  EXPECT_EQ(read({.suffixes = {".txt"}}).status().code(), ErrorCode::corrupt_data);
}

TEST_F(ReadImages, PutsBadFilesIntoTheQuarantine) {
  folder_.write("a.jpg", encode_jpeg(smooth_image(8, 8, 3)).substr(0, 200));
  folder_.write("b.jpg", encode_jpeg(smooth_image(8, 8, 3)));
  folder_.write("c.txt", "no image");
  folder_.write("d.png", encode_png(smooth_image(8, 8, 3)));
  for (ImageSize size : {ImageSize{}, ImageSize{4, 4}}) {
    Quarantine bad{.max_rows = 2};
    Result<DrivenSplit> got = read({.size = size, .include_paths = true, .quarantine = bad});
    ASSERT_TRUE(got.ok()) << got.status().text();
    EXPECT_EQ(got->rows, 2);
    EXPECT_EQ(got->counters.quarantined_rows, 2);
    ASSERT_EQ(bad.count(), 2);
    EXPECT_TRUE(bad.rows()[0].path.ends_with("/a.jpg"));
    EXPECT_TRUE(bad.rows()[1].path.ends_with("/c.txt"));
    EXPECT_FALSE(bad.rows()[1].error.empty());
  }
  EXPECT_EQ(read({.quarantine = Quarantine{.max_rows = 1}}).status().code(), ErrorCode::corrupt_data);
}

TEST_F(ReadImages, GivesNothingWhereAllIsInQuarantine) {
  folder_.write("c.txt", "no image");
  Quarantine bad;
  Result<DrivenSplit> got = read({.quarantine = bad});
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->rows, 0);
  EXPECT_EQ(bad.count(), 1);
}

TEST_F(ReadImages, TellsThePlanWhatItKnows) {
  NodePtr node = make_read_images({"s3://mnist/train/"}, {.mode = ImageMode::gray, .size = {28, 28}}).value();
  EXPECT_EQ(node->describe(), "ReadImages(s3://mnist/train/, gray, 28 x 28)");
  EXPECT_TRUE(node->keeps_row_count());
  EXPECT_EQ(node->step()->label(), "ReadImages");
  EXPECT_FALSE(make_read_images({"x"}, {.quarantine = Quarantine{}}).value()->keeps_row_count());
  for (ImageSize size : {ImageSize{-1, 5}, ImageSize{0, 5}, ImageSize{70000, 5}, ImageSize{60000, 60000}}) {
    EXPECT_EQ(make_read_images({"x"}, {.size = size}).status().code(), ErrorCode::invalid_argument);
  }
}

}  // namespace
}  // namespace shoal::data
