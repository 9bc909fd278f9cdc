#pragma once

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/op/map_step.h"
#include "data/op/range.h"
#include "data/plan/node.h"

/// Plans for tests: sources with known rows and functions over Arrow batches without the typed front.
namespace shoal::data {

class LambdaFunction final : public detail::Function {
 public:
  explicit LambdaFunction(std::function<Rows(const Rows&)> f) : f_(std::move(f)) {}
  Rows call(const Rows& rows) override { return f_(rows); }

 private:
  std::function<Rows(const Rows&)> f_;
};

/// To be changed by the test before it becomes a node's.
inline std::shared_ptr<detail::FunctionSpec> lambda_spec(detail::FunctionKind kind, std::string name,
                                                         std::function<Rows(const Rows&)> f) {
  auto spec = std::make_shared<detail::FunctionSpec>();
  spec->kind = kind;
  spec->name = std::move(name);
  spec->make = [f = std::move(f)] { return std::make_unique<LambdaFunction>(f); };
  return spec;
}

inline Rows same_rows(const Rows& rows) { return rows; }

/// A row-wise step that changes nothing.
inline NodePtr map_node(NodePtr input, std::string name, StepOptions options = {}) {
  return std::make_shared<MapNode>(std::move(input), lambda_spec(detail::FunctionKind::map, std::move(name), same_rows),
                                   std::move(options));
}

/// A batch-wise step that changes nothing.
inline NodePtr batches_node(NodePtr input, std::string name, StepOptions options = {}) {
  return std::make_shared<MapNode>(
      std::move(input), lambda_spec(detail::FunctionKind::map_batches, std::move(name), same_rows), std::move(options));
}

inline NodePtr range_node(std::int64_t n) { return *make_range(n); }

/// One int64 column `id` of these values.
inline Rows id_rows(const std::vector<std::int64_t>& ids) {
  arrow::Int64Builder builder;
  (void)builder.AppendValues(ids);
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64())}),
                                  static_cast<std::int64_t>(ids.size()), {*builder.Finish()});
}

inline std::vector<std::int64_t> ids_of(const arrow::RecordBatch& rows) {
  const auto column = std::static_pointer_cast<arrow::Int64Array>(rows.GetColumnByName("id"));
  return {column->raw_values(), column->raw_values() + column->length()};
}

/// The plan as "Range(10) | Limit(3) | Map(f)".
inline std::string plan_text(const NodePtr& plan) {
  std::string text;
  for (const NodePtr& node : chain_of(plan)) text += (text.empty() ? "" : " | ") + node->describe();
  return text;
}

}  // namespace shoal::data
