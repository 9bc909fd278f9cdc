#include "data/op/rename.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>

#include "data/op/columns.h"
#include "data/op/ship.h"
#include "data/op/transform.h"

namespace shoal::data {
namespace {

Result<SchemaPtr> renamed(const arrow::Schema& schema, const Renames& renames) {
  arrow::FieldVector fields = schema.fields();
  for (const auto& [from, to] : renames) {
    SHOAL_ASSIGN_OR_RETURN(const int i, column_index(schema, from, "rename"));
    auto& field = fields[static_cast<std::size_t>(i)];
    field = field->WithName(to);
  }
  SchemaPtr out = arrow::schema(std::move(fields), schema.metadata());
  for (const auto& [from, to] : renames) {
    if (out->GetAllFieldIndices(to).size() > 1) {
      return Status(ErrorCode::invalid_argument,
                    fmt::format("rename: \"{}\" cannot be renamed to \"{}\", which another column is named; "
                                "drop or rename that one first",
                                from, to));
    }
  }
  return out;
}

class RenameStep final : public Step {
 public:
  explicit RenameStep(Renames renames) : renames_(std::move(renames)) {}

  std::string label() const override { return "Rename"; }
  Result<Shipped<Step>> ship() const override { return ship_as<RenameStep>(renames_); }

  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext&, StepState*) const override {
    return transform(std::move(input), [this](const Rows& rows) -> Result<Rows> {
      SHOAL_ASSIGN_OR_RETURN(SchemaPtr schema, renamed(*rows->schema(), renames_));
      return arrow::RecordBatch::Make(std::move(schema), rows->num_rows(), rows->columns());
    });
  }

 private:
  const Renames renames_;
};

class RenameNode final : public Node {
 public:
  RenameNode(NodePtr input, Renames renames) : Node(std::move(input)), renames_(std::move(renames)) {}

  std::string describe() const override {
    std::string text;
    for (const auto& [from, to] : renames_) text += fmt::format("{}{} -> {}", text.empty() ? "" : ", ", from, to);
    return "Rename(" + text + ")";
  }
  NodePtr with_input(NodePtr input) const override { return std::make_shared<RenameNode>(std::move(input), renames_); }
  std::shared_ptr<const Step> step() const override { return std::make_shared<RenameStep>(renames_); }
  bool keeps_row_count() const override { return true; }
  std::optional<std::int64_t> known_rows(std::optional<std::int64_t> input_rows) const override { return input_rows; }
  SchemaPtr known_schema(const SchemaPtr& input) const override {
    if (input == nullptr) return nullptr;
    const Result<SchemaPtr> schema = renamed(*input, renames_);
    return schema.ok() ? *schema : nullptr;
  }
  /// All old names, whatever is wanted: one that is missing must be an error with and without the rule that asks.
  std::optional<std::vector<std::string>> needed_columns(const std::vector<std::string>& wanted) const override {
    std::vector<std::string> needed;
    for (const auto& [from, to] : renames_) needed.push_back(from);
    for (const std::string& name : wanted) {
      const bool is_new = std::any_of(renames_.begin(), renames_.end(),
                                      [&](const auto& rename) { return rename.second == name; });
      if (!is_new) needed = with_names(std::move(needed), {name});
    }
    return needed;
  }

 private:
  const Renames renames_;
};

}  // namespace

Result<NodePtr> make_rename(NodePtr input, Renames renames) {
  std::vector<std::string> from, to;
  for (const auto& [old_name, new_name] : renames) {
    from.push_back(old_name);
    to.push_back(new_name);
  }
  SHOAL_RETURN_IF_ERROR(check_names(from, "rename"));
  SHOAL_RETURN_IF_ERROR(check_names(to, "rename"));
  return NodePtr(std::make_shared<RenameNode>(std::move(input), std::move(renames)));
}

}  // namespace shoal::data
