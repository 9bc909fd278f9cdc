#include "data/op/drop.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "data/io/arrow_status.h"
#include "data/op/columns.h"
#include "data/op/ship.h"
#include "data/op/transform.h"

namespace shoal::data {
namespace {

/// Positions of the columns that stay.
Result<std::vector<int>> positions_left(const arrow::Schema& schema, const std::vector<std::string>& dropped) {
  std::vector<bool> stays(static_cast<std::size_t>(schema.num_fields()), true);
  for (const std::string& column : dropped) {
    SHOAL_ASSIGN_OR_RETURN(const int i, column_index(schema, column, "drop"));
    stays[static_cast<std::size_t>(i)] = false;
  }
  std::vector<int> at;
  for (int i = 0; i < schema.num_fields(); ++i) {
    if (stays[static_cast<std::size_t>(i)]) at.push_back(i);
  }
  if (at.empty()) return Status(ErrorCode::invalid_argument, "drop: no column is left; keep at least one");
  return at;
}

class DropStep final : public Step {
 public:
  explicit DropStep(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  std::string label() const override { return "Drop"; }
  Result<Shipped<Step>> ship() const override { return ship_as<DropStep>(columns_); }

  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext&, StepState*) const override {
    return transform(std::move(input), [this](const Rows& rows) -> Result<Rows> {
      SHOAL_ASSIGN_OR_RETURN(const std::vector<int> at, positions_left(*rows->schema(), columns_));
      return from_arrow(rows->SelectColumns(at));
    });
  }

 private:
  const std::vector<std::string> columns_;
};

class DropNode final : public Node {
 public:
  DropNode(NodePtr input, std::vector<std::string> columns) : Node(std::move(input)), columns_(std::move(columns)) {}

  std::string describe() const override { return fmt::format("Drop({})", fmt::join(columns_, ", ")); }
  NodePtr with_input(NodePtr input) const override { return std::make_shared<DropNode>(std::move(input), columns_); }
  std::shared_ptr<const Step> step() const override { return std::make_shared<DropStep>(columns_); }
  bool keeps_row_count() const override { return true; }
  std::optional<std::int64_t> known_rows(std::optional<std::int64_t> input_rows) const override { return input_rows; }
  SchemaPtr known_schema(const SchemaPtr& input) const override {
    if (input == nullptr) return nullptr;
    const Result<std::vector<int>> at = positions_left(*input, columns_);
    if (!at.ok()) return nullptr;
    arrow::FieldVector fields;
    for (const int i : *at) fields.push_back(input->field(i));
    return arrow::schema(std::move(fields));
  }
  /// The dropped ones too: one that is missing must be an error with and without the rule that asks.
  std::optional<std::vector<std::string>> needed_columns(const std::vector<std::string>& wanted) const override {
    return with_names(wanted, columns_);
  }

 private:
  const std::vector<std::string> columns_;
};

}  // namespace

Result<NodePtr> make_drop(NodePtr input, std::vector<std::string> columns) {
  SHOAL_RETURN_IF_ERROR(check_names(columns, "drop"));
  return NodePtr(std::make_shared<DropNode>(std::move(input), std::move(columns)));
}

}  // namespace shoal::data
