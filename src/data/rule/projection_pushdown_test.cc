#include <arrow/type.h>
#include <gtest/gtest.h>

#include "data/op/limit.h"
#include "data/op/select.h"
#include "data/plan/testing/plans.h"
#include "data/rule/rule.h"

namespace shoal::data {
namespace {

using Names = std::vector<std::string>;

/// A reader of the columns a, b, c, which it tells or not.
class ColumnReader final : public Node, public AcceptsProjection {
 public:
  explicit ColumnReader(bool tells, Names columns = {"a", "b", "c"}) : tells_(tells), columns_(std::move(columns)) {}
  std::string describe() const override {
    std::string text;
    for (const std::string& column : columns_) text += column;
    return "Read(" + text + ")";
  }
  NodePtr with_input(NodePtr) const override { return nullptr; }
  SchemaPtr known_schema(const SchemaPtr&) const override {
    if (!tells_) return nullptr;
    arrow::FieldVector fields;
    for (const std::string& column : columns_) fields.push_back(arrow::field(column, arrow::int64()));
    return arrow::schema(fields);
  }
  NodePtr with_columns(const Names& columns) const override { return std::make_shared<ColumnReader>(tells_, columns); }

 private:
  bool tells_;
  Names columns_;
};

NodePtr select(NodePtr input, Names columns) { return *make_select(std::move(input), std::move(columns)); }

/// A typed map that reads and writes these columns.
NodePtr typed_map(NodePtr input, Names reads, Names writes) {
  auto spec = lambda_spec(detail::FunctionKind::map, "f", same_rows);
  spec->reads = std::move(reads);
  spec->writes = std::move(writes);
  return std::make_shared<MapNode>(std::move(input), std::move(spec), StepOptions{});
}

std::string reader_of(const NodePtr& plan) { return chain_of(push_projections(plan)).front()->describe(); }

TEST(ProjectionPushdown, ReadsOnlyWhatASelectKeeps) {
  for (const bool tells : {true, false}) {
    EXPECT_EQ(reader_of(select(std::make_shared<ColumnReader>(tells), {"b"})), "Read(b)");
    EXPECT_EQ(
        reader_of(select(std::make_shared<WindowNode>(std::make_shared<ColumnReader>(tells), RowWindow{0, 3}), {"c"})),
        "Read(c)");
  }
}

TEST(ProjectionPushdown, KeepsWhatTypedStepsRead) {
  const NodePtr plan = select(typed_map(std::make_shared<ColumnReader>(true), {"a", "maybe"}, {"d"}), {"d"});
  EXPECT_EQ(reader_of(plan), "Read(a)");
}

TEST(ProjectionPushdown, DoesNotAskForColumnsThatMayBeMissing) {
  const NodePtr plan = select(typed_map(std::make_shared<ColumnReader>(false), {"a", "maybe"}, {"d"}), {"d"});
  EXPECT_EQ(push_projections(plan), plan);
}

TEST(ProjectionPushdown, StopsAtStepsThatMayReadAnything) {
  const NodePtr plan = select(map_node(std::make_shared<ColumnReader>(true), "f"), {"b"});
  EXPECT_EQ(push_projections(plan), plan);
}

TEST(ProjectionPushdown, LeavesPlansThatKeepEverything) {
  const NodePtr plan = select(std::make_shared<ColumnReader>(true), {"c", "b", "a"});
  EXPECT_EQ(push_projections(plan), plan);
}

TEST(CombineProjections, JoinsNeighbours) {
  const NodePtr plan = select(select(std::make_shared<ColumnReader>(true), {"a", "b"}), {"b"});
  const NodePtr joined = combine_projections(plan);
  EXPECT_EQ(chain_of(joined).size(), 2U);
  EXPECT_EQ(dynamic_cast<const SelectsColumns&>(*joined).selected(), Names{"b"});
}

TEST(CombineProjections, KeepsASelectThatWillFail) {
  const NodePtr plan = select(select(std::make_shared<ColumnReader>(true), {"a"}), {"b"});
  EXPECT_EQ(combine_projections(plan), plan);
}

}  // namespace
}  // namespace shoal::data
