#include <shoal/data/batch.h>

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <shoal/base/error.h>

#include <algorithm>
#include <numeric>
#include <sstream>

#include "base/testing/thrown.h"
#include "data/rows/arrow_types.h"
#include "data/rows/tensor_column.h"

namespace shoal::data {
namespace {

Batch sample() {
  return BatchBuilder()
      .add_column("id", std::vector<std::int64_t>{1, 2, 3, 4})
      .add_column("name", std::vector<std::string>{"a", "", "ccc", "dd"})
      .add_column("flag", std::vector<bool>{true, false, false, true})
      .add_column("weight", std::vector<std::optional<float>>{1.5f, std::nullopt, 2.5f, std::nullopt})
      .finish();
}

TEST(Batch, GivesColumnsAsViews) {
  const Batch batch = sample();
  EXPECT_EQ(batch.num_rows(), 4);
  EXPECT_EQ(batch.column_names(), (std::vector<std::string>{"id", "name", "flag", "weight"}));
  const auto id = batch.column<std::int64_t>("id");
  EXPECT_EQ(std::accumulate(id.begin(), id.end(), std::int64_t{0}), 10);
  EXPECT_EQ(id.span()[2], 3);
  const auto name = batch.column<std::string>("name");
  EXPECT_EQ(std::vector<std::string>(name.begin(), name.end()), (std::vector<std::string>{"a", "", "ccc", "dd"}));
  const auto flag = batch.column<bool>("flag");
  EXPECT_TRUE(flag[0] && !flag[1] && !flag[2] && flag[3]);
  const auto weight = batch.column<std::optional<float>>("weight");
  EXPECT_EQ(weight[0], 1.5f);
  EXPECT_EQ(weight[1], std::nullopt);
  EXPECT_TRUE(weight.is_null(3));
}

TEST(Batch, SlicesSeeTheirRows) {
  const Batch part = sample().slice(1, 10);
  EXPECT_EQ(part.num_rows(), 3);
  EXPECT_EQ(part.column<std::int64_t>("id")[0], 2);
  EXPECT_EQ(part.column<std::string>("name")[1], "ccc");
  EXPECT_FALSE(part.column<bool>("flag")[1]);
  EXPECT_TRUE(part.column<bool>("flag")[2]);
  EXPECT_EQ(part.column<std::optional<float>>("weight")[1], 2.5f);
  EXPECT_EQ(part.slice(9, 1).num_rows(), 0);
  EXPECT_EQ(thrown_code([&] { part.slice(-1, 1); }), ErrorCode::invalid_argument);
}

TEST(Batch, ErrorsNameWhatIsWrong) {
  const Batch batch = sample();
  EXPECT_EQ(thrown_code([&] { batch.column<float>("height"); }), ErrorCode::not_found);
  EXPECT_EQ(thrown_code([&] { batch.column<float>("id"); }), ErrorCode::schema_mismatch);
  EXPECT_EQ(thrown_code([&] { batch.column<float>("weight"); }), ErrorCode::schema_mismatch);
  EXPECT_EQ(thrown_code([&] { batch.tensor<float>("name"); }), ErrorCode::schema_mismatch);
  EXPECT_EQ(thrown_code([&] { batch.tensor<float>("weight"); }), ErrorCode::schema_mismatch);
  EXPECT_EQ(thrown_code([&] { Batch().column<float>("x"); }), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_code([&] { batch.column_type("x"); }), ErrorCode::not_found);
}

TEST(Batch, GivesTensorsWithoutACopy) {
  BatchBuilder builder;
  const auto written = builder.add_tensor<float>("x", {4, 2, 3});
  std::iota(written.begin(), written.end(), 0.f);
  const Batch batch = builder.finish();
  const auto x = batch.tensor<float>("x");
  EXPECT_EQ(x.data(), written.data());
  EXPECT_EQ(x.shape(), (Shape{4, 2, 3}));
  EXPECT_EQ(batch.slice(2, 1).tensor<float>("x")(0, 1, 2), 17);
  EXPECT_EQ(batch.column_type("x"), "tensor<float32>{2, 3}");
  const auto id = sample().slice(1, 2).tensor<std::int64_t>("id");
  EXPECT_EQ(id.shape(), Shape{2});
  EXPECT_EQ(id(0), 2);
}

TEST(Batch, TensorsOutliveIt) {
  std::weak_ptr<const int> watch;
  TensorView<const std::int64_t> view;
  {
    const auto lease = std::make_shared<const int>(1);
    watch = lease;
    view = Batch(sample().to_arrow(), lease).tensor<std::int64_t>("id");
  }
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(view(3), 4);
  view = {};
  EXPECT_TRUE(watch.expired());
}

/// A tensor column whose rows have these shapes, elements counted from 0.
Batch varying(const std::vector<Shape>& shapes) {
  detail::ColumnSpec spec{"x", detail::ColumnForm::tensor, detail::DType::uint8, false, false, {}};
  detail::ColumnSink sink(spec, 1);
  std::uint8_t next = 0;
  for (const Shape& shape : shapes) {
    Tensor<std::uint8_t> tensor(shape);
    for (std::uint8_t& element : tensor.edit()) element = next++;
    sink.tensor(tensor.raw());
  }
  return Batch(
      detail::assemble_rows(nullptr, {}, std::span(&sink, 1), static_cast<std::int64_t>(shapes.size()), nullptr));
}

TEST(Batch, VaryingTensorsAreOneWhereShapesAreEqual) {
  const Batch batch = varying({{1, 2}, {2, 2}, {2, 2}, {3, 1}});
  ASSERT_TRUE(batch.to_arrow()->ValidateFull().ok());
  EXPECT_EQ(batch.column_type("x"), "tensor<uint8>{?, ?}");
  EXPECT_EQ(thrown_code([&] { batch.tensor<std::uint8_t>("x"); }), ErrorCode::schema_mismatch);
  const auto part = batch.slice(1, 2).tensor<std::uint8_t>("x");
  EXPECT_EQ(part.shape(), (Shape{2, 2, 2}));
  EXPECT_EQ(part(1, 1, 1), 9);
  EXPECT_EQ(batch.slice(1, 0).tensor<std::uint8_t>("x").size(), 0);
}

TEST(Batch, DamagedTensorsAreRefused) {
  const auto good = std::static_pointer_cast<arrow::StructArray>(varying({{2, 2}, {2, 2}}).to_arrow()->column(0));
  const auto list = good->field(0);
  arrow::Int32Builder extents;
  ASSERT_TRUE(extents.AppendValues({2, 2, 70000, 70000}).ok());
  const auto shape = std::make_shared<arrow::FixedSizeListArray>(arrow::fixed_size_list(arrow::int32(), 2), 2,
                                                                 extents.Finish().ValueOrDie());
  const auto bad = std::make_shared<arrow::StructArray>(good->type(), 2, arrow::ArrayVector{list, shape});
  const Batch batch(arrow::RecordBatch::Make(arrow::schema({arrow::field("x", bad->type())}), 2, {bad}));
  EXPECT_EQ(thrown_code([&] { batch.tensor<std::uint8_t>("x"); }), ErrorCode::corrupt_data);
}

TEST(BatchBuilder, KeepsReplacesAndDrops) {
  const Batch in = sample();
  BatchBuilder out(in);
  const auto id = out.add_column<double>("id");
  std::iota(id.begin(), id.end(), 0.5);
  const auto even = out.add_column<bool>("even");
  for (std::size_t i = 0; i < even.size(); ++i) even[i] = i % 2 == 0;
  out.drop("name").drop("flag").add_column("copy", in, "name");
  const Batch batch = out.finish();
  ASSERT_TRUE(batch.to_arrow()->ValidateFull().ok());
  EXPECT_EQ(batch.column_names(), (std::vector<std::string>{"id", "weight", "even", "copy"}));
  EXPECT_EQ(batch.column<double>("id")[3], 3.5);
  EXPECT_TRUE(batch.column<bool>("even")[2]);
  EXPECT_EQ(batch.column<std::string>("copy")[2], "ccc");
  EXPECT_EQ(in.column<std::int64_t>("id")[3], 4);
}

TEST(BatchBuilder, RefusesOtherNumbersOfRows) {
  BatchBuilder out(sample());
  EXPECT_EQ(thrown_code([&] { out.add_tensor<float>("x", {5, 2}); }), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_code([&] { out.add_column<float>("x", 3); }), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_code([&] { out.add_column("x", std::vector<int>{1}); }), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_code([&] { out.add_tensor<float>("x", Shape()); }), ErrorCode::invalid_argument);
  EXPECT_EQ(thrown_code([&] { out.drop("x"); }), ErrorCode::not_found);
  EXPECT_EQ(thrown_code([] { BatchBuilder().add_column<float>("x"); }), ErrorCode::invalid_argument);
}

TEST(BatchBuilder, OneColumnMayChangeItsRows) {
  const Batch one = BatchBuilder().add_column("x", std::vector<int>{1, 2, 3}).finish();
  BatchBuilder out(one);
  out.add_column("x", std::vector<int>{1});
  EXPECT_EQ(out.finish().num_rows(), 1);
}

TEST(BatchBuilder, ManyValuesKeepTheirPlaces) {
  std::vector<bool> bits;
  std::vector<std::string> words;
  for (int i = 0; i < 1000; ++i) {
    bits.push_back(i % 3 == 0);
    words.push_back(std::string(static_cast<std::size_t>(i % 50), 'x') + std::to_string(i));
  }
  const Batch batch = BatchBuilder().add_column("bits", bits).add_column("words", words).finish().slice(3, 990);
  for (int i = 0; i < 990; ++i) {
    ASSERT_EQ(batch.column<bool>("bits")[i], bits[static_cast<std::size_t>(i) + 3]);
    ASSERT_EQ(batch.column<std::string>("words")[i], words[static_cast<std::size_t>(i) + 3]);
  }
}

TEST(Batch, Prints) {
  std::ostringstream out;
  out << sample() << Batch();
  const std::string text = out.str();
  EXPECT_NE(text.find("weight"), std::string::npos);
  EXPECT_NE(text.find("null"), std::string::npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 6);
}

}  // namespace
}  // namespace shoal::data
