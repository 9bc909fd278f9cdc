#include "data/op/read_files.h"

#include <arrow/array/array_binary.h>
#include <arrow/memory_pool.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "data/io/testing/minio.h"
#include "base/testing/temp_folder.h"
#include "data/op/list_files.h"
#include "data/op/read_binary.h"
#include "data/op/read_images.h"
#include "data/op/read_text.h"
#include "data/op/testing/drive.h"
#include "data/op/testing/encode_image.h"

namespace shoal::data {
namespace {

/// Hands out blocks that were made before.
class Blocks final : public Stream {
 public:
  explicit Blocks(std::vector<Rows> blocks) : blocks_(std::move(blocks)) {}
  Result<Rows> next() override { return at_ < blocks_.size() ? blocks_[at_++] : Rows(); }

 private:
  std::vector<Rows> blocks_;
  std::size_t at_ = 0;
};

class FileReaderTest : public ::testing::Test {
 protected:
  std::vector<Rows> list(std::vector<std::string> uris) {
    NodePtr node = make_list_files({.uris = std::move(uris)}).value();
    return std::move(drive(node, {.parallelism = 3, .storage = &clients_}).value().front().pieces);
  }

  TempFolder folder_;
  StorageClients clients_;
  std::stop_source cancelled_;
  StepCounters counters_;
  StepContext context_{.pool = arrow::default_memory_pool(),
                       .storage = &clients_,
                       .stop = cancelled_.get_token(),
                       .counters = &counters_};
};

TEST_F(FileReaderTest, GivesTheFilesOfAllBlocksInOrder) {
  for (int i = 0; i < 20; ++i)
    folder_.write("f" + std::to_string(10 + i), std::string(static_cast<std::size_t>(i), 'x'));
  FileReader reader(std::make_unique<Blocks>(list({folder_.path()})), context_, {});
  reader.prepare();
  for (std::size_t i = 0; i < 20; ++i) {
    Result<std::optional<FetchedFile>> file = reader.next();
    ASSERT_TRUE(file.ok() && file->has_value()) << file.status().text();
    EXPECT_EQ((*file)->bytes.size(), i);
    EXPECT_TRUE((*file)->path.ends_with(std::to_string(10 + i)));
  }
  EXPECT_FALSE(reader.next()->has_value());
  EXPECT_EQ(counters_.bytes_read, 190);
  EXPECT_EQ(counters_.requests, 20);
}

TEST_F(FileReaderTest, ReadsMarginsAndMore) {
  folder_.write("a", "0123456789");
  NodePtr node = make_list_files({.uris = {folder_.path()}, .range_bytes = 4}).value();
  auto blocks = drive(node, {.storage = &clients_}).value().front().pieces;
  FileReader reader(std::make_unique<Blocks>(blocks), context_, {}, {.before = 1, .after = 2});
  EXPECT_EQ((*reader.next())->bytes.view(), "012345");
  EXPECT_EQ((*reader.next())->bytes.view(), "3456789");
  EXPECT_EQ(reader.read_more(0, 3)->view(), "012");
  EXPECT_EQ((*reader.next())->bytes.view(), "789");
}

TEST_F(FileReaderTest, StopsWhenCancelled) {
  folder_.write("a", "x");
  FileReader reader(std::make_unique<Blocks>(list({folder_.path()})), context_, {});
  reader.prepare();
  cancelled_.request_stop();
  EXPECT_EQ(reader.next().status().code(), ErrorCode::cancelled);
}

/// The readers over a real S3 server.
class ReadFromS3 : public ::testing::Test {
 protected:
  void SetUp() override {
    Location location = clients_.locate(uri(""), storage_).value();
    ASSERT_TRUE(location.store->create_root(bucket_).ok());
  }
  std::string uri(const std::string& key) const { return "s3://" + bucket_ + "/" + key; }
  void put(const std::string& key, const std::string& bytes) {
    Location location = clients_.locate(uri(key), storage_).value();
    Status status = location.store->put(location.root, location.key,
                                        {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    ASSERT_TRUE(status.ok()) << status.text();
  }
  Result<DrivenSplit> read(const Result<NodePtr>& node) {
    SHOAL_ASSIGN_OR_RETURN(std::vector<DrivenSplit> splits, drive(node.value(), {.storage = &clients_}));
    return std::move(splits.front());
  }

  StorageClients clients_;
  const StorageOptions storage_ = shared_minio().storage_options();
  const std::string bucket_ = unique_bucket("read-files");
};

TEST_F(ReadFromS3, GivesBytesLinesAndImages) {
  put("bin/a", "hello");
  put("bin/sub/b", "world");
  put("bin/_SUCCESS", "");
  put("text/a.txt", "one\ntwo\n");
  put("images/a.png", encode_png(smooth_image(4, 4, 3)));
  Result<DrivenSplit> got = read(make_read_binary({uri("bin/")}, {.storage = storage_}));
  ASSERT_TRUE(got.ok()) << got.status().text();
  ASSERT_EQ(got->rows, 2);
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*got->pieces[0]->column(0)).GetString(1), uri("bin/sub/b"));
  EXPECT_EQ(read(make_read_binary({uri("bin")}, {.storage = storage_}))->rows, 2) << "a folder without its slash";
  EXPECT_EQ(read(make_read_binary({uri("bin/a")}, {.storage = storage_}))->rows, 1) << "one object";
  EXPECT_EQ(read(make_read_text_ranges({uri("text/")}, {.storage = storage_}, 3))->rows, 2);
  EXPECT_EQ(read(make_read_images({uri("images/")}, {.storage = storage_}))->rows, 1);
}

TEST_F(ReadFromS3, SaysWhatIsMissingOrForbidden) {
  put("a", "x");
  EXPECT_EQ(read(make_read_binary({uri("none/")}, {.storage = storage_})).status().code(), ErrorCode::not_found);
  EXPECT_EQ(read(make_read_binary({"s3://" + bucket_ + "-gone/"}, {.storage = storage_})).status().code(),
            ErrorCode::not_found);
  StorageOptions wrong = storage_;
  wrong.secret_key = "wrong-secret";
  EXPECT_EQ(read(make_read_binary({uri("a")}, {.storage = wrong})).status().code(), ErrorCode::permission_denied);
  EXPECT_EQ(read(make_read_binary({uri("")}, {.storage = wrong})).status().code(), ErrorCode::permission_denied);
}

}  // namespace
}  // namespace shoal::data
