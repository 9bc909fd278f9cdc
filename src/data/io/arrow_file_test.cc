#include "data/io/arrow_file.h"

#include <arrow/buffer.h>
#include <arrow/util/future.h>
#include <gtest/gtest.h>

#include "data/io/arrow_status.h"
#include "data/io/local_store.h"
#include "base/testing/temp_folder.h"

namespace shoal::data {
namespace {

class ArrowFile : public ::testing::Test {
 protected:
  ObjectFileSpec spec(const std::string& key) {
    const ObjectInfo info = *store_->info(folder_.path(), key);
    return {store_, folder_.path(), key, info.size, info.etag};
  }
  std::shared_ptr<ObjectFile> digits() {
    folder_.write("digits", "0123456789");
    return open_object_file(spec("digits"), count_);
  }

  TempFolder folder_;
  std::shared_ptr<ObjectStore> store_ = make_local_store();
  int requests_ = 0;
  std::int64_t bytes_ = 0;
  CountRead count_ = [this](std::int64_t bytes) {
    ++requests_;
    bytes_ += bytes;
  };
};

TEST_F(ArrowFile, ReadsRangesCutAtTheEnd) {
  const auto file = digits();
  EXPECT_EQ(*file->GetSize(), 10);
  EXPECT_EQ((*file->ReadAt(2, 3))->ToString(), "234");
  EXPECT_EQ((*file->ReadAt(8, 30))->ToString(), "89");
  EXPECT_EQ((*file->ReadAt(20, 3))->size(), 0);
  EXPECT_EQ((*file->Read(4))->ToString(), "0123");
  EXPECT_EQ((*file->Read(2))->ToString(), "45");
  EXPECT_EQ(*file->Tell(), 6);
  EXPECT_EQ(requests_, 4);
  EXPECT_EQ(bytes_, 11);
  EXPECT_FALSE(file->ReadAt(-1, 3).ok());
}

TEST_F(ArrowFile, ReadsAsynchronously) {
  EXPECT_EQ((*digits()->ReadAsync(arrow::io::default_io_context(), 1, 2).result())->ToString(), "12");
}

TEST_F(ArrowFile, RefusesAnObjectThatChanged) {
  const auto file = digits();
  folder_.write("digits", "abcdefghijk");
  EXPECT_EQ(from_arrow(file->ReadAt(0, 2).status()).code(), ErrorCode::changed);
}

TEST_F(ArrowFile, ServesPlannedReadsFromTheFetch) {
  const auto file = digits();
  auto fetch = std::make_shared<RangeFetch>(store_, folder_.path(), count_);
  ReadRequest request;
  request.key = "digits";
  request.offset = 1;
  request.length = 4;
  const std::size_t first = fetch->add(request);
  request.offset = 6;
  request.length = 2;
  const std::size_t second = fetch->add(request);
  file->plan_reads(fetch, {{1, 4, first}, {6, 2, second}});
  EXPECT_EQ((*file->ReadAt(6, 2))->ToString(), "67");
  EXPECT_EQ((*file->ReadAt(1, 1))->ToString(), "1");
  EXPECT_EQ((*file->ReadAt(2, 3))->ToString(), "234");
  EXPECT_EQ(requests_, 2);
  EXPECT_EQ((*file->ReadAt(4, 3))->ToString(), "456") << "outside of what was planned";
  EXPECT_EQ((*file->ReadAt(1, 4))->ToString(), "1234") << "again, after it was forgotten";
  EXPECT_EQ(requests_, 4);
}

TEST_F(ArrowFile, NoticesObjectsShorterThanPromised) {
  const auto file = digits();
  ObjectFileSpec longer = spec("digits");
  longer.size = 100;
  EXPECT_EQ(from_arrow(open_object_file(longer)->ReadAt(5, 20).status()).code(), ErrorCode::corrupt_data);
  RangeFetch fetch(store_, folder_.path(), {});
  ReadRequest request;
  request.key = "digits";
  request.offset = 5;
  request.length = 20;
  fetch.add(request);
  EXPECT_EQ(fetch.get(0).status().code(), ErrorCode::corrupt_data);
}

TEST_F(ArrowFile, UploadStreamsNeverPublish) {
  {
    auto upload = *store_->start_upload(folder_.path(), "out");
    const auto stream = open_upload_stream(*upload);
    EXPECT_TRUE(stream->Write("hello", 5).ok());
    EXPECT_EQ(*stream->Tell(), 5);
    EXPECT_TRUE(stream->Close().ok());
    EXPECT_FALSE(stream->Write("x", 1).ok());
  }
  EXPECT_EQ(store_->info(folder_.path(), "out").status().code(), ErrorCode::not_found);
}

/// Fails every write, as a full disk does.
class FullUpload final : public Upload {
 public:
  Status write(std::span<const std::uint8_t>) override { return Status(ErrorCode::no_space, "full"); }
  Status finish() override { return Status(); }
  Status commit() override { return Status(); }
  void abort() override {}
};

TEST(UploadStream, KeepsItsFirstError) {
  FullUpload upload;
  const auto stream = open_upload_stream(upload);
  EXPECT_EQ(from_arrow(stream->Write("x", 1)).code(), ErrorCode::no_space);
  EXPECT_EQ(from_arrow(stream->Close()).code(), ErrorCode::no_space);
}

}  // namespace
}  // namespace shoal::data
