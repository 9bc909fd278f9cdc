#include "data/engine/packed_block.h"

#include <arrow/api.h>
#include <gtest/gtest.h>
#include <shoal/api/session.h>
#include <shoal/api/submit.h>
#include <shoal/data/batch.h>

#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/engine/store_pool.h"
#include "data/memory/memory_pool.h"
#include "data/rows/arrow_types.h"

namespace shoal::data {
namespace {

constexpr std::int64_t k_pixels = 1000;

/// Some rows of each kind of buffer: numbers with nulls, texts, and a tensor of `images` x 4 kB.
Rows make_rows(std::int64_t images) {
  arrow::Int64Builder ids;
  arrow::StringBuilder names;
  for (std::int64_t i = 0; i < images; ++i) {
    EXPECT_TRUE((i % 3 == 1 ? ids.AppendNull() : ids.Append(i)).ok());
    EXPECT_TRUE(names.Append("image " + std::to_string(i)).ok());
  }
  const auto columns = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8())}), images,
      {ids.Finish().ValueOrDie(), names.Finish().ValueOrDie()});
  BatchBuilder builder{Batch(columns)};
  auto image = builder.add_tensor<float>("image", {images, k_pixels});
  std::iota(image.data(), image.data() + image.size(), 0.f);
  return builder.finish().to_arrow();
}

const std::uint8_t* first_pixel(const Rows& rows) {
  const auto& tensor = static_cast<const arrow::ExtensionArray&>(*rows->GetColumnByName("image"));
  return static_cast<const arrow::FixedSizeListArray&>(*tensor.storage()).values()->data()->buffers[1]->data();
}

Rows make_rows_in_store(std::int64_t images) {
  const ColumnPool pool(store_memory_pool());
  return make_rows(images);
}

class PackedBlocks : public ::testing::Test {
 protected:
  static SessionOptions with_store() {
    SessionOptions options;
    options.processes = 1;
    return options;
  }
};

TEST_F(PackedBlocks, AreStreamsWhereTheirColumnsAreThisProcesss) {
  for (const std::int64_t images : {1, 600}) {
    const Rows rows = make_rows(images);
    const PackedBlock packed = pack_block(rows).value_or_throw();
    EXPECT_TRUE(packed.apart.empty());
    EXPECT_TRUE(unpack_block(packed).value_or_throw()->Equals(*rows));
  }
}

TEST_F(PackedBlocks, LeaveColumnsWhereTheyAreInTheStore) {
  const Session session(with_store());
  const Rows rows = make_rows_in_store(600);
  EXPECT_TRUE(lies_in_store(first_pixel(rows)));
  const PackedBlock packed = pack_block(rows).value_or_throw();
  ASSERT_EQ(packed.apart.size(), 1U);
  EXPECT_EQ(packed.apart[0].data(), first_pixel(rows));
  EXPECT_EQ(packed.apart[0].size(), 600U * k_pixels * sizeof(float));
  EXPECT_LT(packed.bytes.size(), std::size_t{64} << 10);
  const Rows again = unpack_block(packed).value_or_throw();
  EXPECT_TRUE(again->ValidateFull().ok());
  EXPECT_TRUE(again->Equals(*rows));
  EXPECT_EQ(first_pixel(again), first_pixel(rows));
}

TEST_F(PackedBlocks, AreWhatWasSlicedOffTheirColumns) {
  const Session session(with_store());
  const Rows rows = make_rows_in_store(600);
  for (const auto& [offset, length] : {std::pair{0, 300}, std::pair{7, 300}, std::pair{599, 1}}) {
    const Rows slice = rows->Slice(offset, length);
    const PackedBlock packed = pack_block(slice).value_or_throw();
    EXPECT_EQ(packed.apart.size(), offset == 0 ? 1U : 0U) << "only what begins where the store's piece does is one";
    EXPECT_TRUE(unpack_block(packed).value_or_throw()->Equals(*slice));
  }
}

TEST_F(PackedBlocks, TravelThroughTheStoreAndBack) {
  const Session session(with_store());
  const Rows rows = make_rows_in_store(600);
  const auto sum = [](const Buffer& pixels) {
    const auto* const first = reinterpret_cast<const float*>(pixels.data());
    return std::accumulate(first, first + pixels.size() / sizeof(float), 0.0);
  };
  const PackedBlock packed = pack_block(rows).value_or_throw();
  const auto ref = put(packed);
  EXPECT_EQ(get(submit([sum](const PackedBlock& there) { return sum(there.apart.at(0)); }, ref)), sum(packed.apart[0]));
  const Rows back = unpack_block(get(ref)).value_or_throw();
  EXPECT_TRUE(back->Equals(*rows));
  const PackedBlock again = pack_block(back).value_or_throw();
  ASSERT_EQ(again.apart.size(), 1U) << "what came from the store is sent on as it is";
  EXPECT_NE(again.apart[0].shared().stored, nullptr);
  EXPECT_EQ(again.apart[0].data(), first_pixel(back));
  EXPECT_TRUE(unpack_block(again).value_or_throw()->Equals(*rows));
}

TEST_F(PackedBlocks, WithDictionariesAreStreams) {
  const Session session(with_store());
  const Rows rows = make_rows_in_store(600);
  arrow::StringDictionaryBuilder colours;
  for (int i = 0; i < 600; ++i) ASSERT_TRUE(colours.Append(i % 2 == 0 ? "red" : "blue").ok());
  const auto column = std::shared_ptr<arrow::Array>(colours.Finish().ValueOrDie());
  const Rows coloured = rows->AddColumn(0, "colour", column).ValueOrDie();
  const PackedBlock packed = pack_block(coloured).value_or_throw();
  EXPECT_TRUE(packed.apart.empty());
  EXPECT_TRUE(unpack_block(packed).value_or_throw()->Equals(*coloured));
}

TEST_F(PackedBlocks, ThatAreDamagedSaySo) {
  const Session session(with_store());
  const PackedBlock whole = pack_block(make_rows_in_store(600)).value_or_throw();
  const auto code_of = [](const PackedBlock& packed) { return unpack_block(packed).status().code(); };
  PackedBlock packed = whole;
  packed.apart.clear();
  EXPECT_EQ(code_of(packed), ErrorCode::corrupt_data);
  packed = whole;
  packed.body.pop_back();
  EXPECT_EQ(code_of(packed), ErrorCode::corrupt_data);
  packed = whole;
  packed.metadata_bytes = UINT64_MAX;
  EXPECT_EQ(code_of(packed), ErrorCode::corrupt_data);
  packed = whole;
  packed.bytes = Buffer();
  EXPECT_EQ(code_of(packed), ErrorCode::corrupt_data);
}

TEST(StorePool, IsTheCountedPoolWithoutAStore) {
  const std::int64_t before = counted_memory_pool()->bytes_allocated();
  const auto buffer = arrow::AllocateBuffer(4 << 20, store_memory_pool()).ValueOrDie();
  EXPECT_FALSE(lies_in_store(buffer->data()));
  EXPECT_EQ(counted_memory_pool()->bytes_allocated() - before, 4 << 20);
}

TEST(StorePool, HasLargeBuffersInTheStoreUntilTheyGrow) {
  SessionOptions options;
  options.processes = 1;
  const Session session(options);
  const auto small = arrow::AllocateBuffer(1000, store_memory_pool()).ValueOrDie();
  EXPECT_FALSE(lies_in_store(small->data()));
  const auto buffer = arrow::AllocateResizableBuffer(0, store_memory_pool()).ValueOrDie();
  ASSERT_TRUE(buffer->Resize(4 << 20).ok());
  EXPECT_TRUE(lies_in_store(buffer->data()));
  std::iota(buffer->mutable_data(), buffer->mutable_data() + buffer->size(), std::uint8_t{1});
  ASSERT_TRUE(buffer->Resize(1000, /*shrink_to_fit=*/true).ok());
  EXPECT_TRUE(lies_in_store(buffer->data())) << "what shrinks stays where it is";
  ASSERT_TRUE(buffer->Resize(6 << 20).ok());
  EXPECT_FALSE(lies_in_store(buffer->data())) << "what grows may do so again";
  EXPECT_EQ(buffer->data()[999], std::uint8_t(1000 % 256));
}

TEST(StorePool, ABufferOutlivesItsSession) {
  std::optional<Session> session;
  SessionOptions options;
  options.processes = 1;
  session.emplace(options);
  const Rows rows = make_rows_in_store(600);
  session.reset();
  EXPECT_TRUE(rows->Equals(*make_rows(600)));
}

}  // namespace
}  // namespace shoal::data
