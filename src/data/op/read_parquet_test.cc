#include "data/op/read_parquet.h"

#include <arrow/array/array_primitive.h>
#include <arrow/extension/fixed_shape_tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "data/io/parquet_footer.h"
#include "base/testing/temp_folder.h"
#include "data/op/range_tensor.h"
#include "data/op/testing/drive.h"
#include "data/op/testing/parquet_files.h"

namespace shoal::data {
namespace {

class ReadParquet : public ::testing::Test {
 protected:
  void write(const std::string& name, const arrow::Table& table, std::int64_t row_group_rows = 1 << 20) {
    folder_.write(name, parquet_bytes(table, row_group_rows));
  }
  Result<NodePtr> node(const ParquetOptions& options = {}) { return make_read_parquet({folder_.path()}, options); }
  Result<std::shared_ptr<arrow::Table>> read(const ParquetOptions& options = {}) {
    SHOAL_ASSIGN_OR_RETURN(const NodePtr plan, node(options));
    return drive_to_table(plan, drive_options());
  }
  DriveOptions drive_options() {
    return {.parallelism = parallelism_, .block_bytes = 1 << 20, .storage = &storage_, .limited = limited_};
  }
  /// Tasks that the listing cuts: rows of each of its blocks.
  std::vector<std::int64_t> blocks(const ParquetOptions& options = {}) {
    const NodePtr plan = *node(options);
    const auto splits = *drive(plan->input(), drive_options());
    std::vector<std::int64_t> rows;
    for (const Rows& piece : splits[0].pieces) {
      const auto column = std::static_pointer_cast<arrow::Int64Array>(piece->GetColumnByName("rows"));
      rows.push_back(0);
      for (std::int64_t i = 0; i < column->length(); ++i) rows.back() += column->Value(i);
    }
    return rows;
  }
  std::int64_t rows_kept(const Expr& filter) {
    const auto table = read({.filter = filter});
    EXPECT_TRUE(table.ok()) << table.status().text();
    return !table.ok() || *table == nullptr ? 0 : (*table)->num_rows();
  }
  std::int64_t rows_decoded(const Expr& filter) {
    const std::vector<std::int64_t> rows = blocks({.filter = filter});
    return std::accumulate(rows.begin(), rows.end(), std::int64_t{0});
  }

  TempFolder folder_;
  StorageClients storage_;
  int parallelism_ = 1;
  bool limited_ = false;
};

TEST_F(ReadParquet, BeginsWithOneFileWhereFewRowsAreWanted) {
  for (const char* name : {"a", "b", "c", "d"}) write(std::string(name) + ".parquet", *numbered_table(0, 100));
  EXPECT_EQ(blocks(), std::vector<std::int64_t>{400});
  limited_ = true;
  EXPECT_EQ(blocks()[0], 100);
}

TEST_F(ReadParquet, GivesTheRowsOfAllFilesInOrder) {
  write("b.parquet", *numbered_table(1000, 2000), 300);
  write("a.parquet", *numbered_table(0, 1000), 128);
  write("c/d.parquet", *numbered_table(2000, 2001));
  folder_.write("_SUCCESS", "");
  for (parallelism_ = 1; parallelism_ < 6; ++parallelism_) {
    const auto table = read();
    ASSERT_TRUE(table.ok()) << table.status().text();
    EXPECT_TRUE((*table)->Equals(*numbered_table(0, 2001)));
  }
}

TEST_F(ReadParquet, GivesColumnsInTheOrderAsked) {
  write("a.parquet", *numbered_table(0, 100), 30);
  const auto table = *read({.columns = {"name", "id"}});
  EXPECT_TRUE(table->Equals(**numbered_table(0, 100)->SelectColumns({2, 0})));
  EXPECT_EQ(read({.columns = {"nope"}}).status().code(), ErrorCode::not_found);
  EXPECT_EQ(node({.columns = {"id", "id"}}).status().code(), ErrorCode::invalid_argument);
}

TEST_F(ReadParquet, ReadsOnlyTheColumnsAskedFor) {
  write("a.parquet", *numbered_table(0, 20000), 5000);
  const auto bytes = [&](const ParquetOptions& options) {
    return (*drive(*node(options), drive_options()))[0].counters.bytes_read;
  };
  EXPECT_LT(bytes({.columns = {"third"}}), bytes({}) / 2 + k_parquet_tail_bytes);
}

TEST_F(ReadParquet, CutsOneFileForSeveralFragments) {
  write("a.parquet", *numbered_table(0, 1000), 100);
  EXPECT_EQ(blocks().size(), 1u);
  parallelism_ = 5;
  const std::vector<std::int64_t> rows = blocks();
  EXPECT_GE(rows.size(), 5u);
  EXPECT_EQ(std::accumulate(rows.begin(), rows.end(), std::int64_t{0}), 1000);
}

TEST_F(ReadParquet, FiltersRowsExactlyAndSkipsRowGroups) {
  write("a.parquet", *numbered_table(0, 1000), 100);
  EXPECT_EQ(rows_kept(col("id") >= 950), 50);
  EXPECT_EQ(rows_decoded(col("id") >= 950), 100);
  EXPECT_EQ(rows_kept(col("id") < 10 || col("id") == 555), 11);
  EXPECT_EQ(rows_decoded(col("id") < 10 || col("id") == 555), 200);
  EXPECT_EQ(rows_kept(col("third") > 300 && col("third").is_null()), 0);
  EXPECT_EQ(rows_kept(col("name") == "name-77"), 1);
  EXPECT_LT(rows_decoded(col("name") == "name-77"), 1000);
  EXPECT_EQ(rows_decoded(col("id") > 5000), 0);
  EXPECT_EQ(rows_kept(col("id") > 5000), 0);
  EXPECT_EQ(rows_kept(col("third").is_null()), 143);
}

TEST_F(ReadParquet, FiltersByColumnsThatAreNotAskedFor) {
  write("a.parquet", *numbered_table(0, 1000), 100);
  const auto table = *read({.columns = {"name"}, .filter = col("id") == 7});
  EXPECT_EQ(table->ColumnNames(), (std::vector<std::string>{"name"}));
  EXPECT_EQ(table->num_rows(), 1);
}

TEST_F(ReadParquet, KeepsRowGroupsWithValuesThatStatisticsLeaveOut) {
  arrow::DoubleBuilder builder;
  for (const double value : {3.0, std::nan(""), 4.0}) ASSERT_TRUE(builder.Append(value).ok());
  write("a.parquet", *arrow::Table::Make(arrow::schema({arrow::field("x", arrow::float64())}), {*builder.Finish()}));
  EXPECT_EQ(rows_kept(!(col("x") > 2)), 1);
  EXPECT_EQ(rows_kept(col("x") != 3 && col("x") != 4), 1);
  EXPECT_EQ(rows_kept((col("x") > 2) == false), 1);
  EXPECT_EQ(rows_decoded(col("x") > 5), 0);
  EXPECT_EQ(rows_decoded(col("x") > 5 || col("x").is_null()), 0);
}

TEST_F(ReadParquet, NamesFiltersThatDoNotFit) {
  write("a.parquet", *numbered_table(0, 10));
  EXPECT_EQ(read({.filter = col("nope") > 1}).status().code(), ErrorCode::not_found);
  EXPECT_EQ(read({.filter = col("name") > 1}).status().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(read({.filter = col("id") + 1}).status().code(), ErrorCode::invalid_argument);
}

TEST_F(ReadParquet, NamesBothFilesWhoseColumnsDiffer) {
  write("a.parquet", *numbered_table(0, 10));
  write("b.parquet",
        *json_table(
            {{"id", arrow::int64(), "[1]"}, {"third", arrow::float64(), "[1]"}, {"name", arrow::utf8(), "[\"x\"]"}}));
  const Status status = read().status();
  EXPECT_EQ(status.code(), ErrorCode::schema_mismatch);
  for (const char* part : {"a.parquet", "b.parquet", "third", "int32", "float64"}) {
    EXPECT_NE(status.text().find(part), std::string::npos) << status.text();
  }
  write("b.parquet", *numbered_table(0, 10)->RemoveColumn(2).ValueOrDie());
  EXPECT_EQ(read().status().code(), ErrorCode::schema_mismatch);
}

TEST_F(ReadParquet, NamesFilesThatAreCutOffOrNoParquet) {
  const std::string whole = parquet_bytes(*numbered_table(0, 1000));
  for (const std::string& bytes :
       {std::string(), std::string("PAR1"), std::string("no Parquet at all, but text"),
        whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 1), std::string(100, '\xff') + "PAR1"}) {
    folder_.write("bad.parquet", bytes);
    const Status status = read().status();
    EXPECT_EQ(status.code(), ErrorCode::corrupt_data) << bytes.size();
    EXPECT_NE(status.text().find("bad.parquet"), std::string::npos) << status.text();
  }
}

TEST_F(ReadParquet, NeverGivesRowsOfDamagedPagesWithoutSayingSo) {
  const std::string whole = parquet_bytes(*numbered_table(0, 5000));
  int refused = 0;
  for (std::size_t at = 4; at < whole.size(); at += 997) {
    std::string damaged = whole;
    for (std::size_t i = at; i < std::min(at + 40, whole.size()); ++i) damaged[i] = static_cast<char>(~damaged[i]);
    folder_.write("bad.parquet", damaged);
    const auto table = read();  // and does not crash
    if (!table.ok()) ++refused;
  }
  EXPECT_GT(refused, 5);
}

TEST_F(ReadParquet, CountsFromFooters) {
  write("a.parquet", *numbered_table(0, 1000), 100);
  write("b.parquet", *numbered_table(0, 23));
  EXPECT_EQ(*dynamic_cast<const CountsRows&>(**node()).count_rows(), 1023);
  const NodePtr filtered = *node({.filter = col("id") > 3});
  EXPECT_EQ(dynamic_cast<const CountsRows*>(filtered.get()), nullptr);
}

TEST_F(ReadParquet, KnowsItsSchemaFromTheFirstFooter) {
  write("a.parquet", *numbered_table(0, 10));
  const NodePtr plan = *node({.columns = {"name", "id"}});
  const SchemaPtr schema = *dynamic_cast<const ReadsSchema&>(*plan).read_schema();
  EXPECT_TRUE(schema->Equals(*(*drive_to_table(plan, drive_options()))->schema()));
}

TEST_F(ReadParquet, TakesProjectionsAndPredicates) {
  write("a.parquet", *numbered_table(0, 100), 10);
  const NodePtr plan = *node({.filter = col("id") < 50});
  const NodePtr narrow = dynamic_cast<const AcceptsProjection&>(*plan).with_columns({"name"});
  const NodePtr both = dynamic_cast<const AcceptsPredicate&>(*narrow).with_predicate(col("name") == "name-12");
  EXPECT_EQ((*drive_to_table(both, drive_options()))->num_rows(), 1);
  EXPECT_EQ(dynamic_cast<const AcceptsPredicate&>(*narrow).with_predicate(col("id") == 12), nullptr);
  EXPECT_EQ(dynamic_cast<const AcceptsProjection&>(*narrow).with_columns({"id"}), nullptr);
}

TEST_F(ReadParquet, ReadsNestedColumnsAndTensors) {
  const auto nested = json_table(
      {{"list", arrow::list(arrow::int32()), "[[1, 2], null, [], [3]]"},
       {"point", arrow::struct_({arrow::field("x", arrow::float64()), arrow::field("y", arrow::utf8())}),
        R"([{"x": 1, "y": "a"}, null, {"x": null, "y": "b"}, {"x": 2, "y": null}])"},
       {"when", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[0, 1, null, 3]"}});
  write("a.parquet", *nested);
  EXPECT_TRUE((*read())->Equals(*nested));
  EXPECT_EQ((*read({.columns = {"when", "point"}}))->ColumnNames(), (std::vector<std::string>{"when", "point"}));
  const auto tensors = *drive_to_table(*make_range_tensor(10, {.shape = {2, 3}}));
  write("a.parquet", *tensors);
  EXPECT_EQ((*read())->schema()->field(0)->type()->ToString(), tensors->schema()->field(0)->type()->ToString());
  EXPECT_TRUE((*read())->column(0)->Equals(tensors->column(0)));
}

TEST_F(ReadParquet, GivesTextOfEveryFormAsText) {
  const std::string words = R"(["a", "b", null, "d"])";
  write("a.parquet",
        *json_table({{"large", arrow::large_utf8(), words},
                     {"bytes", arrow::large_binary(), words},
                     {"kind", arrow::dictionary(arrow::int8(), arrow::large_utf8()), words}}),
        2);
  const auto plain = json_table(
      {{"large", arrow::utf8(), words}, {"bytes", arrow::binary(), words}, {"kind", arrow::utf8(), words}});
  EXPECT_TRUE((*read())->Equals(*plain));
  EXPECT_EQ(rows_kept(col("large") == "d"), 1);
  EXPECT_EQ(rows_decoded(col("large") == "d"), 2);
  EXPECT_EQ(rows_kept(col("kind") == "a"), 1);
}

TEST_F(ReadParquet, AColumnOfNullsFitsTheOtherFiles) {
  write("a.parquet", *json_table({{"x", arrow::null(), "[null, null]"}}));
  write("b.parquet", *json_table({{"x", arrow::int64(), "[1, 2]"}}));
  EXPECT_EQ((*drive(*node(), drive_options())).size(), 1u);
  write("c.parquet", *json_table({{"x", arrow::utf8(), "[\"a\"]"}}));
  EXPECT_EQ(drive(*node(), drive_options()).status().code(), ErrorCode::schema_mismatch);
}

TEST_F(ReadParquet, GivesLongTextsInSmallBatches) {
  arrow::StringBuilder builder;
  const std::string text(10'000, 'x');
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(builder.Append(text).ok());
  write("a.parquet", *arrow::Table::Make(arrow::schema({arrow::field("s", arrow::utf8())}), {*builder.Finish()}));
  const auto splits = *drive(*node(), drive_options());
  EXPECT_EQ(splits[0].rows, 3000);
  for (const Rows& rows : splits[0].pieces) EXPECT_LE(rows->num_rows(), 256) << "a dictionary holds the text once";
}

TEST_F(ReadParquet, SaysWhatIsMissing) {
  EXPECT_EQ(read().status().code(), ErrorCode::not_found);
  EXPECT_EQ(make_read_parquet({}).status().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(node({.parallelism = 0}).status().code(), ErrorCode::invalid_argument);
}

TEST_F(ReadParquet, OfFilesWithoutRowsGivesNothing) {
  write("a.parquet", *numbered_table(0, 0));
  EXPECT_EQ(*read(), nullptr);
  EXPECT_EQ(*dynamic_cast<const CountsRows&>(**node()).count_rows(), 0);
}

TEST_F(ReadParquet, ReadsFootersLargerThanTheTail) {
  write("a.parquet", *numbered_table(0, 3000), 2);
  ASSERT_GT(parquet_bytes(*numbered_table(0, 3000), 2).size(), 300'000u);
  EXPECT_TRUE((*read())->Equals(*numbered_table(0, 3000)));
}

}  // namespace
}  // namespace shoal::data
