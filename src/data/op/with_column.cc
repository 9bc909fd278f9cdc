#include "data/op/with_column.h"

#include <arrow/array/array_base.h>
#include <arrow/compute/expression.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>

#include "data/io/arrow_status.h"
#include "data/op/columns.h"
#include "data/op/expr_arrow.h"
#include "data/op/expr_terms.h"
#include "data/op/ship.h"
#include "data/op/transform.h"

namespace shoal::data {
namespace {

class WithColumnStep final : public Step {
 public:
  WithColumnStep(std::string name, const Expr& value)
      : name_(std::move(name)), value_(value), evaluator_(std::make_shared<ExprEvaluator>(value, "with_column")) {}

  std::string label() const override { return fmt::format("WithColumn({})", name_); }
  Result<Shipped<Step>> ship() const override { return ship_as<WithColumnStep>(name_, terms_of(value_)); }
  static Result<std::shared_ptr<const Step>> remake(const std::string& name, const ExprTerms& value) {
    SHOAL_ASSIGN_OR_RETURN(const Expr expr, expr_of(value));
    return std::shared_ptr<const Step>(std::make_shared<WithColumnStep>(name, expr));
  }

  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext& context, StepState*) const override {
    return transform(std::move(input), [this, evaluator = evaluator_, &context](const Rows& rows) -> Result<Rows> {
      SHOAL_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Array> values, evaluator->evaluate(rows, context.pool));
      const int at = rows->schema()->GetFieldIndex(name_);
      const auto field = arrow::field(name_, values->type());
      return from_arrow(at >= 0 ? rows->SetColumn(at, field, values)
                                : rows->AddColumn(rows->num_columns(), field, values));
    });
  }

 private:
  const std::string name_;
  const Expr value_;
  const std::shared_ptr<ExprEvaluator> evaluator_;
};

class WithColumnNode final : public Node {
 public:
  WithColumnNode(NodePtr input, std::string name, Expr value)
      : Node(std::move(input)), name_(std::move(name)), value_(std::move(value)) {}

  std::string describe() const override { return fmt::format("WithColumn({} = {})", name_, value_.to_string()); }
  NodePtr with_input(NodePtr input) const override {
    return std::make_shared<WithColumnNode>(std::move(input), name_, value_);
  }
  std::shared_ptr<const Step> step() const override { return std::make_shared<WithColumnStep>(name_, value_); }
  bool keeps_row_count() const override { return true; }
  std::optional<std::int64_t> known_rows(std::optional<std::int64_t> input_rows) const override { return input_rows; }
  SchemaPtr known_schema(const SchemaPtr& input) const override {
    if (input == nullptr) return nullptr;
    const Result<arrow::compute::Expression> bound = bind_expr(value_, *input, "with_column");
    if (!bound.ok()) return nullptr;
    const auto field = arrow::field(name_, bound->type()->GetSharedPtr());
    const int at = input->GetFieldIndex(name_);
    return (at >= 0 ? input->SetField(at, field) : input->AddField(input->num_fields(), field)).ValueOr(nullptr);
  }
  std::optional<std::vector<std::string>> needed_columns(const std::vector<std::string>& wanted) const override {
    std::vector<std::string> needed = wanted;
    needed.erase(std::remove(needed.begin(), needed.end(), name_), needed.end());
    return with_names(std::move(needed), value_.columns());
  }

 private:
  const std::string name_;
  const Expr value_;
};

}  // namespace

Result<NodePtr> make_with_column(NodePtr input, std::string name, Expr value) {
  if (name.empty()) return Status(ErrorCode::invalid_argument, "with_column: the new column has no name");
  return NodePtr(std::make_shared<WithColumnNode>(std::move(input), std::move(name), std::move(value)));
}

}  // namespace shoal::data
