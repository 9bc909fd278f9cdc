#include "data/op/parquet_prune.h"

#include <arrow/compute/expression.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <optional>

#include "data/io/arrow_status.h"
#include "data/io/parquet_footer.h"
#include "data/op/expr_arrow.h"
#include "data/op/parquet_schema.h"

namespace shoal::data {
namespace {

namespace ac = arrow::compute;

/// Whether more rows can only be ruled out, never let in, by a comparison that is false. Then rows whose value is NaN,
/// which statistics leave out and every comparison but != is false for, need no care.
bool is_monotone(const Expr& expr) {
  switch (expr.op()) {
    case Expr::Op::logical_and:
    case Expr::Op::logical_or: return is_monotone(expr.operands()[0]) && is_monotone(expr.operands()[1]);
    case Expr::Op::equal:
    case Expr::Op::less:
    case Expr::Op::less_equal:
    case Expr::Op::greater:
    case Expr::Op::greater_equal:
      return std::all_of(expr.operands().begin(), expr.operands().end(), [](const Expr& operand) {
        return operand.op() == Expr::Op::column || operand.op() == Expr::Op::literal;
      });
    case Expr::Op::is_null: return expr.operands()[0].op() == Expr::Op::column;
    case Expr::Op::column:
    case Expr::Op::literal: return true;
    default: return false;
  }
}

/// What the statistics of one column chunk promise of its rows; nothing where they cannot be relied on.
std::optional<ac::Expression> promise(const parquet::ColumnChunkMetaData& chunk, const arrow::Field& field) {
  const std::shared_ptr<parquet::Statistics> statistics = chunk.statistics();
  if (statistics == nullptr) return std::nullopt;
  const ac::Expression column = ac::field_ref(field.name());
  const bool may_have_nulls = !statistics->HasNullCount() || statistics->null_count() > 0;
  if (statistics->HasNullCount() && statistics->null_count() == chunk.num_values()) return ac::is_null(column);
  std::shared_ptr<arrow::Scalar> min, max;
  if (!statistics->HasMinMax() || !parquet::arrow::StatisticsAsScalars(*statistics, &min, &max).ok()) {
    return std::nullopt;
  }
  const auto lowest = min->CastTo(field.type());
  const auto highest = max->CastTo(field.type());
  if (!lowest.ok() || !highest.ok() || !(*lowest)->is_valid || !(*highest)->is_valid) return std::nullopt;
  ac::Expression range = ac::and_(ac::greater_equal(column, ac::literal(arrow::Datum(*lowest))),
                                  ac::less_equal(column, ac::literal(arrow::Datum(*highest))));
  return may_have_nulls ? ac::or_(std::move(range), ac::is_null(column)) : range;
}

/// A column with statistics that the predicate reads.
struct PrunedColumn {
  int leaf = 0;
  std::shared_ptr<arrow::Field> field;
};

Result<std::vector<PrunedColumn>> usable_columns(const parquet::FileMetaData& footer, const arrow::Schema& schema,
                                                 const Expr& predicate) {
  std::vector<PrunedColumn> columns;
  const bool monotone = is_monotone(predicate);
  for (const std::string& name : predicate.columns()) {
    const auto field = schema.GetFieldByName(name);
    if (arrow::is_nested(field->type()->id()) || field->type()->id() == arrow::Type::EXTENSION) continue;
    if (arrow::is_floating(field->type()->id()) && !monotone) continue;
    SHOAL_ASSIGN_OR_RETURN(const std::vector<int> leaves, leaf_columns(footer, {name}));
    if (leaves.size() == 1) columns.push_back({leaves[0], field});
  }
  return columns;
}

}  // namespace

Result<std::vector<int>> possible_row_groups(const parquet::FileMetaData& footer, const arrow::Schema& schema,
                                             const Expr& predicate) {
  SHOAL_ASSIGN_OR_RETURN(const ac::Expression bound, bind_expr(predicate, schema, "read_parquet"));
  if (bound.type()->id() != arrow::Type::BOOL) {
    return Status(ErrorCode::invalid_argument,
                  fmt::format("read_parquet: the filter {} gives {}, but must give true or false",
                              predicate.to_string(), bound.type()->ToString()));
  }
  SHOAL_ASSIGN_OR_RETURN(const std::vector<PrunedColumn> columns, usable_columns(footer, schema, predicate));
  return catch_parquet([&]() -> Result<std::vector<int>> {
    std::vector<int> possible;
    for (int g = 0; g < footer.num_row_groups(); ++g) {
      ac::Expression rest = bound;
      const auto group = footer.RowGroup(g);
      for (const PrunedColumn& column : columns) {
        const auto known = promise(*group->ColumnChunk(column.leaf), *column.field);
        if (!known.has_value()) continue;
        SHOAL_ASSIGN_OR_RETURN(rest, from_arrow(ac::SimplifyWithGuarantee(rest, *known)));
      }
      if (rest.IsSatisfiable()) possible.push_back(g);
    }
    return possible;
  });
}

}  // namespace shoal::data
