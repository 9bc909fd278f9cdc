#include "data/op/map_step.h"

#include <arrow/array/array_primitive.h>
#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <stop_token>
#include <stdexcept>

#include "data/op/block_merge.h"
#include "data/op/from_items.h"
#include "data/op/limit.h"
#include "data/op/testing/drive.h"
#include "data/plan/testing/plans.h"

namespace shoal::data {
namespace {

using detail::FunctionKind;

NodePtr step(FunctionKind kind, std::function<Rows(const Rows&)> f, StepOptions options = {}, std::int64_t rows = 10) {
  return std::make_shared<MapNode>(range_node(rows), lambda_spec(kind, "f", std::move(f)), std::move(options));
}

TEST(MapStep, CallsWithAtMostBatchSizeRows) {
  std::vector<std::int64_t> sizes;
  const auto note = [&](const Rows& rows) {
    sizes.push_back(rows->num_rows());
    return rows;
  };
  const auto out = drive_to_table(step(FunctionKind::map_batches, note, {.batch_size = 4}));
  ASSERT_TRUE(out.ok());
  EXPECT_EQ((*out)->num_rows(), 10);
  EXPECT_EQ(sizes, (std::vector<std::int64_t>{4, 4, 2}));
}

TEST(MapStep, LeavesOutBatchesThatBecameEmpty) {
  const auto odd = [](const Rows& rows) { return ids_of(*rows)[0] == 4 ? rows : rows->Slice(0, 0); };
  const auto splits = drive(step(FunctionKind::filter, odd, {.batch_size = 2}));
  ASSERT_TRUE(splits.ok());
  ASSERT_EQ((*splits)[0].pieces.size(), 1U);
  EXPECT_EQ(ids_of(*(*splits)[0].pieces[0]), (std::vector<std::int64_t>{4, 5}));
}

TEST(MapStep, KeepsTheExceptionAndNamesTheRows) {
  const auto fail = [](const Rows& rows) -> Rows {
    if (ids_of(*rows)[0] >= 4) throw std::out_of_range("too far");
    return rows;
  };
  const Status status = drive(step(FunctionKind::map_batches, fail, {.batch_size = 4})).status();
  EXPECT_EQ(status.code(), ErrorCode::user_function);
  EXPECT_NE(status.text().find("MapBatches(f)"), std::string::npos);
  EXPECT_NE(status.text().find("rows 4 to 7"), std::string::npos) << status.text();
  EXPECT_THROW(std::rethrow_exception(status.cause()), std::out_of_range);
}

TEST(MapStep, NamesTheFileThatTheRowsCameFrom) {
  arrow::StringBuilder paths;
  ASSERT_TRUE(paths.Append("s3://digits/7/12.jpg").ok());
  const Rows rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("path", arrow::utf8())}), 1,
                                             {*paths.Finish()});
  const auto fail = [](const Rows&) -> Rows { throw std::runtime_error("no digit"); };
  const NodePtr plan = std::make_shared<MapNode>(*make_from_rows(rows), lambda_spec(FunctionKind::map, "f", fail),
                                                 StepOptions{});
  EXPECT_NE(drive(plan).status().text().find("s3://digits/7/12.jpg"), std::string::npos);
}

class FailsAtRow final : public detail::Function {
 public:
  Rows call(const Rows& rows) override {
    for_each_row(rows->num_rows(), [](std::int64_t i) {
      if (i == 2) throw std::runtime_error("no digit");
    });
    return rows;
  }
};

TEST(MapStep, NamesTheRowAndItsFile) {
  arrow::StringBuilder paths;
  ASSERT_TRUE(paths.AppendValues({"a.jpg", "b.jpg", "c.jpg", "d.jpg"}).ok());
  const Rows rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("path", arrow::utf8())}), 4,
                                             {*paths.Finish()});
  const auto spec = lambda_spec(FunctionKind::map, "f", same_rows);
  spec->make = [] { return std::make_unique<FailsAtRow>(); };
  const NodePtr plan = std::make_shared<MapNode>(*make_from_rows(rows), spec, StepOptions{});
  const std::string text = drive(plan).status().text();
  EXPECT_NE(text.find("row 2 of input block 0 (c.jpg)"), std::string::npos) << text;
}

TEST(MapStep, KeepsTheCodeOfShoalsOwnErrors) {
  const auto fail = [](const Rows&) -> Rows { throw NotFound(ErrorCode::not_found, "no such column"); };
  EXPECT_EQ(drive_code(step(FunctionKind::map, fail)), ErrorCode::not_found);
}

TEST(MapStep, EqualColumnsOfAllCallsAreOneObject) {
  const auto copy = [](const Rows& rows) {
    return arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64())}), rows->num_rows(),
                                    rows->columns());
  };
  const auto splits = drive(step(FunctionKind::map_batches, copy, {.batch_size = 2}), {.parallelism = 2});
  ASSERT_TRUE(splits.ok());
  const auto& schema = (*splits)[0].pieces[0]->schema();
  for (const DrivenSplit& split : *splits) {
    for (const Rows& piece : split.pieces) EXPECT_EQ(piece->schema(), schema);
  }
}

TEST(MapStep, RefusesNoBatch) {
  EXPECT_EQ(drive_code(step(FunctionKind::map, [](const Rows&) { return Rows(); })), ErrorCode::user_function);
}

TEST(MapStep, EndsBetweenCallsWhenCancelled) {
  std::stop_source cancelled;
  int calls = 0;
  const auto note = [&](const Rows& rows) {
    ++calls;
    cancelled.request_stop();
    return rows;
  };
  const NodePtr plan = step(FunctionKind::map_batches, note, {.batch_size = 2});
  const Pipeline pipeline = fused(*plan);
  StepContext context;
  context.pool = arrow::default_memory_pool();
  context.stop = cancelled.get_token();
  ASSERT_TRUE(pipeline.source->split_count(1, 1 << 20).ok());
  const auto stream = open_pipeline(pipeline, {}, context, nullptr);
  EXPECT_TRUE(stream->next().ok());
  EXPECT_EQ(stream->next().status().code(), ErrorCode::cancelled);
  EXPECT_EQ(calls, 1);
}

class StopsAtRow final : public detail::Function {
 public:
  StopsAtRow(std::stop_source stop, std::int64_t& rows) : stop_(std::move(stop)), rows_(rows) {}
  Rows call(const Rows& rows) override {
    for_each_row(rows->num_rows(), [this](std::int64_t i) {
      ++rows_;
      if (i == 2) stop_.request_stop();
    });
    return rows;
  }

 private:
  std::stop_source stop_;
  std::int64_t& rows_;
};

TEST(MapStep, EndsBetweenRowsWhenCancelled) {
  const std::stop_source cancelled;
  std::int64_t rows = 0;
  const auto spec = lambda_spec(FunctionKind::map, "f", same_rows);
  spec->make = [&] { return std::make_unique<StopsAtRow>(cancelled, rows); };
  const auto map = make_map_step(spec, {});
  const auto source = range_node(10)->source();
  StepContext context;
  context.pool = arrow::default_memory_pool();
  context.stop = cancelled.get_token();
  ASSERT_TRUE(source->split_count(1, 1 << 20).ok());
  EXPECT_EQ(map->open(source->open(0, context), context, nullptr)->next().status().code(), ErrorCode::cancelled);
  EXPECT_EQ(rows, 3);
}

TEST(MapStep, MakesStateOncePerWorker) {
  int made = 0;
  auto spec = lambda_spec(FunctionKind::map_batches, "C", same_rows);
  spec->has_state = true;
  spec->make = [&made] {
    ++made;
    return std::make_unique<LambdaFunction>(same_rows);
  };
  const auto map = make_map_step(spec, {});
  ASSERT_TRUE(map->has_state());
  const auto state = map->make_state();
  ASSERT_TRUE(state.ok());
  StepContext context;
  for (int i = 0; i < 3; ++i) {
    auto source = range_node(4)->source();
    context.pool = arrow::default_memory_pool();
    ASSERT_TRUE(source->split_count(1, 1 << 20).ok());
    const auto stream = map->open(source->open(0, context), context, state->get());
    EXPECT_TRUE(stream->next().ok());
  }
  EXPECT_EQ(made, 1);
}

TEST(MapStep, AFailingConstructorIsTheUsersError) {
  auto spec = lambda_spec(FunctionKind::map_batches, "C", same_rows);
  spec->has_state = true;
  spec->make = []() -> std::unique_ptr<detail::Function> { throw std::runtime_error("no model"); };
  const auto map = make_map_step(spec, {});
  EXPECT_EQ(map->make_state().status().code(), ErrorCode::user_function);
}

TEST(FragmentLimit, EndsAfterItsRows) {
  Pipeline pipeline = fused(*step(FunctionKind::map_batches, same_rows, {.batch_size = 4}));
  pipeline.steps.push_back(make_fragment_limit(6));
  ASSERT_TRUE(pipeline.source->split_count(1, 1 << 20).ok());
  const auto out = drive_split(pipeline, 0, {});
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(out->rows, 6);
}

TEST(BlockMerge, JoinsSmallPiecesAndPassesLargeOnes) {
  const std::int64_t large = k_merged_block_bytes / 8 + 1;
  Pipeline pipeline = fused(*step(FunctionKind::map_batches, same_rows, {.batch_size = 3}));
  pipeline.steps.push_back(make_block_merge());
  ASSERT_TRUE(pipeline.source->split_count(1, 1 << 20).ok());
  const auto joined = drive_split(pipeline, 0, {});
  ASSERT_TRUE(joined.ok());
  ASSERT_EQ(joined->pieces.size(), 1U);
  EXPECT_EQ(joined->rows, 10);

  const auto tail = [](const Rows& rows) { return ids_of(*rows)[0] < large ? rows : rows->Slice(0, 5); };
  pipeline = fused(*step(FunctionKind::map_batches, tail, {.batch_size = large}, 2 * large));
  pipeline.steps.push_back(make_block_merge());
  ASSERT_TRUE(pipeline.source->split_count(1, 1 << 30).ok());
  const auto passed = drive_split(pipeline, 0, {.block_bytes = 1 << 30});
  ASSERT_TRUE(passed.ok());
  ASSERT_EQ(passed->pieces.size(), 2U);
  EXPECT_EQ(passed->pieces[0]->num_rows(), large);
  EXPECT_EQ(passed->pieces[1]->num_rows(), 5);
}

TEST(BlockMerge, LeavesApartWhatHasOtherColumns) {
  const auto change = [](const Rows& rows) { return ids_of(*rows)[0] < 4 ? rows : *rows->RenameColumns({"other"}); };
  Pipeline pipeline = fused(*step(FunctionKind::map_batches, change, {.batch_size = 2}));
  pipeline.steps.push_back(make_block_merge());
  ASSERT_TRUE(pipeline.source->split_count(1, 1 << 20).ok());
  const auto out = drive_split(pipeline, 0, {});
  ASSERT_TRUE(out.ok());
  ASSERT_EQ(out->pieces.size(), 2U);
  EXPECT_EQ(out->pieces[0]->num_rows(), 4);
  EXPECT_EQ(out->pieces[1]->num_rows(), 6);
}

}  // namespace
}  // namespace shoal::data
