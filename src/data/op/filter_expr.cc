#include "data/op/filter_expr.h"

#include <fmt/format.h>

#include "data/op/columns.h"
#include "data/op/expr_arrow.h"
#include "data/op/expr_terms.h"
#include "data/op/ship.h"
#include "data/op/transform.h"

namespace shoal::data {
namespace {

class FilterExprStep final : public Step {
 public:
  explicit FilterExprStep(const Expr& predicate)
      : predicate_(predicate), evaluator_(std::make_shared<ExprEvaluator>(predicate, "filter")) {}

  std::string label() const override { return fmt::format("Filter({})", predicate_.to_string()); }
  Result<Shipped<Step>> ship() const override { return ship_as<FilterExprStep>(terms_of(predicate_)); }
  static Result<std::shared_ptr<const Step>> remake(const ExprTerms& predicate) {
    SHOAL_ASSIGN_OR_RETURN(const Expr expr, expr_of(predicate));
    return std::shared_ptr<const Step>(std::make_shared<FilterExprStep>(expr));
  }

  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext& context, StepState*) const override {
    return transform(std::move(input), [evaluator = evaluator_, &context](const Rows& rows) -> Result<Rows> {
      return evaluator->filter(rows, context.pool);
    });
  }

 private:
  const Expr predicate_;
  const std::shared_ptr<ExprEvaluator> evaluator_;
};

class FilterExprNode final : public Node, public HasPredicate {
 public:
  FilterExprNode(NodePtr input, Expr predicate) : Node(std::move(input)), predicate_(std::move(predicate)) {}

  std::string describe() const override { return fmt::format("Filter({})", predicate_.to_string()); }
  NodePtr with_input(NodePtr input) const override { return make_filter(std::move(input), predicate_); }
  std::shared_ptr<const Step> step() const override { return std::make_shared<FilterExprStep>(predicate_); }
  SchemaPtr known_schema(const SchemaPtr& input) const override { return input; }
  std::optional<std::vector<std::string>> needed_columns(const std::vector<std::string>& wanted) const override {
    return with_names(wanted, predicate_.columns());
  }
  const Expr& predicate() const override { return predicate_; }

 private:
  const Expr predicate_;
};

}  // namespace

NodePtr make_filter(NodePtr input, Expr predicate) {
  return std::make_shared<FilterExprNode>(std::move(input), std::move(predicate));
}

}  // namespace shoal::data
