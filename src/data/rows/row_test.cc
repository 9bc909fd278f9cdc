#include <shoal/data/row.h>

#include <arrow/array.h>
#include <arrow/array/builder_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <shoal/base/error.h>

#include "base/testing/thrown.h"

namespace shoal::data {
namespace {

/// id, name, image and a list, which has no C++ type in a dynamic row.
Batch pictures() {
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::Int32Builder>());
  auto& items = static_cast<arrow::Int32Builder&>(*lists.value_builder());
  for (int i = 0; i < 3; ++i) { EXPECT_TRUE(lists.Append().ok() && items.Append(i).ok()); }
  const auto list = lists.Finish().ValueOrDie();
  const Batch with_list(arrow::RecordBatch::Make(arrow::schema({arrow::field("list", list->type())}), 3, {list}));
  BatchBuilder builder;
  builder.add_column("id", std::vector<std::int32_t>{1, 2, 3});
  builder.add_column("name", {"a", "b", "c"});
  const auto image = builder.add_tensor<std::uint8_t>("image", {3, 2});
  for (int i = 0; i < 6; ++i) image.data()[i] = static_cast<std::uint8_t>(i);
  builder.add_column("list", with_list, "list");
  return builder.finish();
}

Batch through(const Batch& in, const std::function<Row(Row)>& change) {
  detail::RowSink sink(in.to_arrow());
  for (std::int64_t i = 0; i < in.num_rows(); ++i) sink.append(change(Row(in.to_arrow(), i)));
  Batch out(sink.finish());
  EXPECT_TRUE(out.to_arrow()->ValidateFull().ok());
  return out;
}

TEST(Row, ReadsEveryKindOfColumn) {
  const Row row(pictures().to_arrow(), 1);
  EXPECT_EQ(row["id"].as<std::int32_t>(), 2);
  EXPECT_EQ(row["id"].as<double>(), 2.0);
  EXPECT_EQ(row["name"].as<std::string>(), "b");
  EXPECT_EQ((row["image"].as<Tensor<std::uint8_t>>()), (Tensor<std::uint8_t>({2}, {2, 3})));
  EXPECT_EQ(row["id"].type(), "int32");
  EXPECT_EQ(row.names(), (std::vector<std::string>{"id", "name", "image", "list"}));
}

TEST(Row, ConversionsLoseNothing) {
  Row row;
  row["big"] = std::int64_t{1} << 40;
  row["half"] = 0.5;
  row["whole"] = 7.0;
  row["negative"] = -1;
  row["none"] = std::nullopt;
  EXPECT_EQ(row["whole"].as<int>(), 7);
  EXPECT_EQ(thrown_code([&] { row["big"].as<int>(); }), ErrorCode::schema_mismatch);
  EXPECT_EQ(thrown_code([&] { row["half"].as<int>(); }), ErrorCode::schema_mismatch);
  EXPECT_EQ(thrown_code([&] { row["negative"].as<unsigned>(); }), ErrorCode::schema_mismatch);
  EXPECT_EQ(thrown_code([&] { row["whole"].as<std::string>(); }), ErrorCode::schema_mismatch);
  EXPECT_EQ(thrown_code([&] { row["none"].as<int>(); }), ErrorCode::schema_mismatch);
  EXPECT_EQ(row["none"].as<std::optional<int>>(), std::nullopt);
  EXPECT_TRUE(row["none"].is_null());
  row["limit"] = 9223372036854775808.0;
  EXPECT_EQ(thrown_code([&] { row["limit"].as<std::int64_t>(); }), ErrorCode::schema_mismatch);
}

TEST(Row, MissingColumnsAreErrors) {
  Row row(pictures().to_arrow(), 0);
  EXPECT_EQ(thrown_code([&] { row["nothing"].as<int>(); }), ErrorCode::not_found);
  row.erase("id");
  EXPECT_FALSE(row.has("id"));
  EXPECT_EQ(thrown_code([&] { row["id"].as<int>(); }), ErrorCode::not_found);
  EXPECT_EQ(thrown_code([&] { row.erase("id"); }), ErrorCode::not_found);
  row["id"] = "again";
  EXPECT_EQ(row["id"].as<std::string>(), "again");
}

TEST(Row, UnchangedColumnsKeepTheirMemory) {
  const Batch in = pictures();
  const Batch out = through(in, [](Row row) {
    row["id"] = row["id"].as<int>() * 10;
    row["copy"] = row["list"];
    row["text"] = "row " + row["name"].as<std::string>();
    row.erase("name");
    return row;
  });
  EXPECT_EQ(out.column_names(), (std::vector<std::string>{"id", "image", "list", "copy", "text"}));
  EXPECT_EQ(out.column<std::int32_t>("id")[2], 30);
  EXPECT_EQ(out.column<std::string>("text")[1], "row b");
  EXPECT_EQ(out.tensor<std::uint8_t>("image").data(), in.tensor<std::uint8_t>("image").data());
  EXPECT_TRUE(out.to_arrow()->GetColumnByName("copy")->Equals(in.to_arrow()->GetColumnByName("list")));
}

TEST(Row, AllRowsHaveTheSameColumns) {
  const auto set_in_some = [](Row row) {
    if (row["id"].as<int>() != 2) row["odd"] = true;
    return row;
  };
  EXPECT_EQ(thrown_code([&] { through(pictures(), set_in_some); }), ErrorCode::schema_mismatch);
  const auto erase_in_some = [](Row row) {
    if (row["id"].as<int>() == 2) row.erase("name");
    return row;
  };
  EXPECT_EQ(thrown_code([&] { through(pictures(), erase_in_some); }), ErrorCode::schema_mismatch);
  const Batch out = through(pictures(), [](Row row) {
    if (row["id"].as<int>() == 2) {
      row["no"] = 1.5;
      row["odd"] = std::nullopt;
    } else {
      row["odd"] = true;
      row["no"] = std::nullopt;
    }
    return row;
  });
  EXPECT_EQ(out.column_names(), (std::vector<std::string>{"id", "name", "image", "list", "odd", "no"}));
  EXPECT_EQ(out.column<std::optional<bool>>("odd")[1], std::nullopt);
  EXPECT_EQ(out.column<std::optional<bool>>("odd")[2], true);
  EXPECT_EQ(out.column<std::optional<double>>("no")[1], 1.5);
}

TEST(Row, ChangedInSomeRows) {
  const Batch out = through(pictures(), [](Row row) {
    if (row["id"].as<int>() == 2) row["id"] = 20;
    if (row["id"].as<int>() == 3) row["name"] = std::nullopt;
    return row;
  });
  EXPECT_EQ(out.column<std::int32_t>("id")[0], 1);
  EXPECT_EQ(out.column<std::int32_t>("id")[1], 20);
  EXPECT_EQ(out.column<std::optional<std::string>>("name")[1], "b");
  EXPECT_EQ(out.column<std::optional<std::string>>("name")[2], std::nullopt);
}

TEST(Row, WithoutAnyValueAColumnHasNoTypeYet) {
  const Batch out = through(pictures(), [](Row row) {
    row["none"] = std::nullopt;
    row["id"] = std::nullopt;
    return row;
  });
  EXPECT_EQ(out.column_type("none"), "null");
  EXPECT_EQ(out.column<std::optional<double>>("none")[2], std::nullopt);
  EXPECT_TRUE(out.column<std::optional<double>>("none").is_null(2));
  EXPECT_EQ(thrown_code([&] { out.column<double>("none"); }), ErrorCode::schema_mismatch);
  EXPECT_EQ(out.column_type("id"), "int32");
}

TEST(Row, MixedTypesAreErrors) {
  EXPECT_EQ(thrown_code([] {
              through(pictures(), [](Row row) {
                if (row["id"].as<int>() == 2) row["x"] = 1.5;
                if (row["id"].as<int>() != 2) row["x"] = 1;
                return row;
              });
            }),
            ErrorCode::schema_mismatch);
}

TEST(Row, RowsMayChangePlacesAndRepeat) {
  const Batch in = pictures();
  detail::RowSink sink(in.to_arrow());
  for (const std::int64_t i : {2, 0, 2}) sink.append(Row(in.to_arrow(), i));
  const Batch out(sink.finish());
  EXPECT_EQ(out.column<std::string>("name")[0], "c");
  EXPECT_EQ(out.column<std::string>("name")[1], "a");
  EXPECT_EQ(out.tensor<std::uint8_t>("image")(2, 1), 5);
}

TEST(Row, MadeFromNothing) {
  detail::RowSink sink(nullptr);
  for (int i = 0; i < 2; ++i) {
    Row row;
    row["i"] = i;
    row["t"] = Tensor<float>(Shape{2});
    sink.append(row);
  }
  const Batch out(sink.finish());
  EXPECT_EQ(out.column<std::int32_t>("i")[1], 1);
  EXPECT_EQ(out.tensor<float>("t").shape(), (Shape{2, 2}));
}

TEST(Row, Prints) {
  Row row(pictures().to_arrow(), 0);
  row["none"] = std::nullopt;
  const std::string text = row.to_string();
  EXPECT_NE(text.find("name: \"a\""), std::string::npos) << text;
  EXPECT_NE(text.find("none: null"), std::string::npos) << text;
  EXPECT_NE(text.find("tensor<uint8>{2}"), std::string::npos) << text;
}

}  // namespace
}  // namespace shoal::data
