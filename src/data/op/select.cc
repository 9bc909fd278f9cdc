#include "data/op/select.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/io/arrow_status.h"
#include "data/op/columns.h"
#include "data/op/ship.h"
#include "data/op/transform.h"

namespace shoal::data {
namespace {

Result<std::vector<int>> positions(const arrow::Schema& schema, const std::vector<std::string>& columns) {
  std::vector<int> at;
  for (const std::string& column : columns) {
    SHOAL_ASSIGN_OR_RETURN(const int i, column_index(schema, column, "select"));
    at.push_back(i);
  }
  return at;
}

class SelectStep final : public Step {
 public:
  explicit SelectStep(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  std::string label() const override { return "Select"; }
  Result<Shipped<Step>> ship() const override { return ship_as<SelectStep>(columns_); }

  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext&, StepState*) const override {
    return transform(std::move(input), [this](const Rows& rows) -> Result<Rows> {
      SHOAL_ASSIGN_OR_RETURN(const std::vector<int> at, positions(*rows->schema(), columns_));
      return from_arrow(rows->SelectColumns(at));
    });
  }

 private:
  const std::vector<std::string> columns_;
};

class SelectNode final : public Node, public SelectsColumns {
 public:
  SelectNode(NodePtr input, std::vector<std::string> columns) : Node(std::move(input)), columns_(std::move(columns)) {}

  std::string describe() const override { return fmt::format("Select({})", fmt::join(columns_, ", ")); }
  NodePtr with_input(NodePtr input) const override { return std::make_shared<SelectNode>(std::move(input), columns_); }
  std::shared_ptr<const Step> step() const override { return std::make_shared<SelectStep>(columns_); }
  bool keeps_row_count() const override { return true; }
  std::optional<std::int64_t> known_rows(std::optional<std::int64_t> input_rows) const override { return input_rows; }
  SchemaPtr known_schema(const SchemaPtr& input) const override {
    if (input == nullptr) return nullptr;
    const Result<std::vector<int>> at = positions(*input, columns_);
    if (!at.ok()) return nullptr;
    arrow::FieldVector fields;
    for (const int i : *at) fields.push_back(input->field(i));
    return arrow::schema(std::move(fields));
  }
  std::optional<std::vector<std::string>> needed_columns(const std::vector<std::string>&) const override {
    return columns_;
  }
  const std::vector<std::string>& selected() const override { return columns_; }

 private:
  const std::vector<std::string> columns_;
};

}  // namespace

Result<NodePtr> make_select(NodePtr input, std::vector<std::string> columns) {
  SHOAL_RETURN_IF_ERROR(check_names(columns, "select"));
  return NodePtr(std::make_shared<SelectNode>(std::move(input), std::move(columns)));
}

}  // namespace shoal::data
